"""Cuts the network. Python imports this by itself where the folder is in PYTHONPATH."""

import socket
from typing import Any

_LOCAL = ("127.", "::1", "localhost", "0.0.0.0")


def _refuse_others(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        family, address = arguments[0].family, arguments[1]
        remote = family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0])
    else:
        remote = event == "socket.getaddrinfo" and not _is_local(arguments[0])
    if remote:
        raise ConnectionRefusedError(
            f"the tests have cut the network: {arguments[-1] or arguments[0]}"
        )


def _is_local(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    return not name or str(name).startswith(_LOCAL) or name == socket.gethostname()


def _install() -> None:
    import sys

    sys.addaudithook(_refuse_others)


_install()
