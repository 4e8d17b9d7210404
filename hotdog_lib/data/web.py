"""One picture from an address that anybody may have typed.

Only http and https; only so many bytes and seconds; and no address inside the reader's own network,
which a page or a redirect could otherwise make this machine ask. A name is looked up once, and the
connection goes to the very address that was checked: a name server that answers differently the
second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from hotdog_lib.data.decode import DecodeError
from hotdog_lib.data.download import within

MAX_BYTES = 32 * 2**20
SECONDS = 20.0  # for everything, redirects included
PAUSE = 10.0  # between two pieces of an answer
MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
PORTS = {"http": 80, "https": 443}
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # the last 32 bits are an IPv4 address


class _Refused(Exception):
    """An address or an answer that is not taken; the text says why."""


def is_url(source: object) -> bool:
    """Whether ``source`` is written as an address, of whatever scheme."""
    return isinstance(source, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", source) is not None


def read_url(url: str, *, allow_private: bool = False) -> bytes:
    """The bytes behind an http or https address.

    Args:
        url: the picture's own address, not that of a page around it.
        allow_private: ask machines of the reader's own network, too.

    Raises:
        DecodeError: refused, unreachable, too long or too slow; the reason says which.
    """
    visit = _Visit(allow_private)
    try:
        return within(SECONDS, lambda: visit.read(url))
    except TimeoutError as error:
        raise DecodeError(url, f"{error}; try again, or save the picture first") from error
    except _Refused as error:
        raise DecodeError(url, str(error)) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = str(error).strip() or type(error).__name__
        raise DecodeError(url, f"{reason}; check the address") from error
    finally:
        visit.close()


class _Visit:
    """One reading with all its redirects; :meth:`close` ends it from another thread."""

    def __init__(self, allow_private: bool) -> None:
        self.allow_private = allow_private
        self.socket: socket.socket | None = None

    def close(self) -> None:
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for bytes
            self.socket.close()

    def read(self, url: str) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            response = self._ask(_checked(url))
            if response.status not in REDIRECTS:
                return _body(response)
            url = urljoin(url, response.headers.get("Location", ""))
            self.close()
        raise _Refused(f"it redirects more than {MAX_REDIRECTS} times; check the address")

    def _ask(self, parts: SplitResult) -> HTTPResponse:
        host = str(parts.hostname).encode("idna").decode()
        port = parts.port or PORTS[parts.scheme]
        connection = HTTPConnection(host, port, timeout=PAUSE)
        connection.sock = self.socket = self._connect(host, port)
        if parts.scheme == "https":
            connection.sock = self.socket = _trusted().wrap_socket(
                self.socket, server_hostname=host
            )
        path = quote(parts.path or "/", safe="/%:;=@&+$,!~*'()") + (
            f"?{quote(parts.query, safe='/?%:;=@&+$,!~*()')}" if parts.query else ""
        )
        headers = {"Accept-Encoding": "identity", "User-Agent": "hotdog_lib"}
        connection.request("GET", path, headers=headers)
        return connection.getresponse()

    def _connect(self, host: str, port: int) -> socket.socket:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        inside = [place[4][0] for place in places if not is_public(str(place[4][0]))]
        if inside and not self.allow_private:
            raise _Refused(
                f"{host} is {inside[0]}, an address inside this network; "
                "if you trust it, allow private addresses"
            )
        for family, kind, protocol, _, address in places:
            self.socket = socket.socket(family, kind, protocol)
            self.socket.settimeout(PAUSE)
            try:
                self.socket.connect(address)
                return self.socket
            except OSError as error:
                self.socket.close()
                fault = error
        raise fault


def is_public(address: str) -> bool:
    """Whether an IP address lies in the open internet, also where one hides in another.

    Example:
        >>> is_public("93.184.215.14"), is_public("::ffff:127.0.0.1"), is_public("64:ff9b::a00:1")
        (True, False, False)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        hidden = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in NAT64:
            hidden.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if any(inner is not None and not is_public(str(inner)) for inner in hidden):
            return False
        if ip in NAT64:
            return True
    return ip.is_global and not ip.is_multicast


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in PORTS:
        raise _Refused(f"{parts.scheme or 'no scheme'} is not taken; give http:// or https://")
    if not parts.hostname:
        raise _Refused("it names no host; check the address")
    if parts.username is not None or parts.password is not None:
        raise _Refused("it holds a name or a password; give an address without")
    return parts


def _trusted() -> ssl.SSLContext:
    import certifi  # requests brings it; some systems have no certificates of their own

    return ssl.create_default_context(cafile=certifi.where())


def _body(response: HTTPResponse) -> bytes:
    if response.status != 200:
        raise _Refused(f"it answers {response.status} {response.reason}; check the address")
    if response.headers.get_content_type() == "text/html":
        raise _Refused("it is a web page; give the address of the picture itself")
    stated = response.headers.get("Content-Length", "")
    long = stated.isdecimal() and int(stated) > MAX_BYTES
    data = b"" if long else response.read(MAX_BYTES + 1)
    if long or len(data) > MAX_BYTES:
        raise _Refused(f"it is longer than {MAX_BYTES:,} bytes; save a smaller copy")
    return data
