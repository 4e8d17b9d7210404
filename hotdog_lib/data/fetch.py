"""Photographs and weights from the network: verified, and in place whole or not at all.

What is fetched lies under :func:`hotdog_lib.home.home`; what is there already is used without a
network. One process fetches, others wait for it; after a kill the next one goes on where it was. A
mirror (the ``mirror`` argument, or ``HOTDOG_MIRROR``) is an address or a folder that
holds files of the same names, such as a server, or a stick, in a class room; it is tried first.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hotdog_lib.data import cifar
from hotdog_lib.data.download import download as download_file
from hotdog_lib.data.folders import has_splits
from hotdog_lib.data.packing import unpack_records
from hotdog_lib.data.unpack import untar, unzip
from hotdog_lib.errors import HotdogError
from hotdog_lib.home import alone, atomic_write, file_digest, home, sweep


@dataclass(frozen=True)
class Download:
    """One file to fetch.

    Attributes:
        url: where its makers keep it.
        digest: ``"sha1:..."``, ``"sha256:..."`` or ``"md5:..."``, in hex: whichever its makers
            state. The first digits are enough for torchvision's weights.
        target: what it becomes, relative to :func:`hotdog_lib.home.home`.
        install: puts a verified file in place: called with the file, a scratch folder and the
            target.
    """

    url: str
    digest: str
    target: str
    install: Callable[[Path, Path, Path], None]

    @property
    def file_name(self) -> str:
        """The last part of the address: its name on a mirror, and among files placed by hand."""
        return self.url.rsplit("/", 1)[-1]


def fetch(name: str, *, mirror: str | None = None, progress: bool = False) -> Path:
    """Where ``name`` lies on this machine, downloaded if need be.

    Args:
        name: ``"hotdog"``, ``"deepdog"`` (the record files of 2017, unpacked), ``"caltech256"``,
            ``"cifar10"``, or a torchvision classification model for its ImageNet weights.
        mirror: an address or a folder to try first; None takes ``HOTDOG_MIRROR``.
        progress: show a bar.

    Returns:
        the folder of photographs, or the safetensors file.

    Raises:
        HotdogError: for an unknown name; without a network; for a file with the wrong hash, or
            none that can be used; without room.
    """
    if name in SETS:
        parts = [fetch(part, mirror=mirror, progress=progress) for part in SETS[name]]
        return parts[0].parent
    download = REGISTRY.get(name) or _weights(name)
    target = home() / download.target
    if target.exists():
        return target
    with _scratch(target, download.file_name) as scratch:
        if not target.exists():  # else another process has fetched it while this one waited
            file = _by_hand(download) or _retrieve(download, scratch, mirror, progress)
            download.install(file, scratch, target)
    return target


def _by_hand(download: Download) -> Path | None:
    placed = home() / "downloads" / download.file_name
    if not placed.is_file():
        return None
    if not _verified(placed, download.digest):
        raise HotdogError(f"{placed} has not the hash {download.digest}; replace or remove it")
    return placed


def _retrieve(download: Download, scratch: Path, mirror: str | None, progress: bool) -> Path:
    """Try every source; the first verified file is taken, whatever else came is removed."""
    file, failures = scratch / download.file_name, []
    mirror = mirror or os.environ.get("HOTDOG_MIRROR")
    for base in filter(None, (mirror, download.url.rsplit("/", 1)[0])):
        source = f"{base.rstrip('/')}/{download.file_name}"
        fault = _copy(source, file, download.digest, progress)
        if fault is None:
            return file
        file.unlink(missing_ok=True)
        failures.append(f"{source}: {fault}")
    raise HotdogError(
        f"cannot fetch {download.file_name} ({'; '.join(failures)}). Look at the network, "
        "name a mirror with HOTDOG_MIRROR, "
        f"or put the file by hand at {home() / 'downloads' / download.file_name}"
    )


def _copy(source: str, file: Path, digest: str, progress: bool) -> str | None:
    """Bring one source to ``file`` and verify it; returns what went wrong, if anything."""
    if not re.match(r"https?://", source):
        try:
            shutil.copyfile(source, file)
        except OSError as error:
            return str(error.strerror or error)
        return None if _verified(file, digest) else f"its hash is not {digest}"
    resumed = file.exists()
    fault = download_file(source, file, progress=progress)
    if fault is None and not _verified(file, digest):
        fault = f"its hash is not {digest}"
        file.unlink()
        if resumed:  # it may have begun with another file
            return _copy(source, file, digest, progress)
    return fault


def _verified(file: Path, digest: str) -> bool:
    algorithm, _, wanted = digest.partition(":")
    return file_digest(file, algorithm).startswith(wanted)


@contextmanager
def _scratch(target: Path, keep: str) -> Iterator[Path]:
    """A folder beside the target, from which things can be renamed into place; then removed.

    One process has it at a time. After a kill, or Ctrl-C, it stays, and the next process finds the
    file called ``keep`` in it, as far as it came.
    """
    folder = target.with_name(f".{target.name}.download")
    remedy = "set HOTDOG_HOME to a folder that you can write to"
    with alone(target.with_name(f".{target.name}.lock"), wait=True, remedy=remedy):
        try:
            sweep(target.parent, f"{target.name}.")
            folder.mkdir(exist_ok=True)
            for left in folder.iterdir():
                if left.is_dir():
                    shutil.rmtree(left)
                elif left.name != keep:
                    left.unlink()
            yield folder
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise HotdogError(
                f"cannot write {target} ({error.strerror or error}); make room"
            ) from error
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder)


def _install_photographs(file: Path, scratch: Path, target: Path) -> None:
    unpacked = scratch / "unpacked"
    unpacked.mkdir()
    unzip(file, unpacked)
    inner = unpacked / target.name
    if not has_splits(inner):
        raise HotdogError(
            f"{file.name} holds no {target.name}/train and {target.name}/test; fetch it again"
        )
    inner.rename(target)


def _install_records(file: Path, scratch: Path, target: Path) -> None:
    """Record files become class folders, so that everything else reads them like photographs."""
    unpacked = scratch / "unpacked"
    unpack_records(file, unpacked, DEEPDOG_CLASSES)
    unpacked.rename(target)


def _install_caltech(file: Path, scratch: Path, target: Path) -> None:
    """One folder for each class already."""
    unpacked = scratch / "unpacked"
    unpacked.mkdir()
    untar(file, unpacked)
    inner = unpacked / file.name.removesuffix(".tar")
    if not inner.is_dir():
        raise HotdogError(f"{file.name} holds no folder {inner.name}; fetch it again")
    inner.rename(target)


def _install_cifar(file: Path, scratch: Path, target: Path) -> None:
    """The binary files become class folders of PNG files."""
    unpacked, folders = scratch / "unpacked", scratch / "folders"
    unpacked.mkdir()
    untar(file, unpacked)
    cifar.unpack_cifar(unpacked / cifar.FOLDER, folders)
    folders.rename(target)


def _install_weights(file: Path, scratch: Path, target: Path) -> None:
    """From torchvision's pickle, read without running any of it, to safetensors."""
    import torch
    from safetensors.torch import save_file

    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        if not all(isinstance(value, torch.Tensor) for value in state.values()):
            raise TypeError("there is something else than tensors in it")
    except Exception as error:  # whatever the reader of a hostile file may raise
        reason = str(error).partition("\n")[0]
        raise HotdogError(f"{file.name} holds no weights that can be used ({reason})") from error
    # DenseNet's files are older than its code: norm.1 has become norm1.
    old = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")
    tensors = {old.sub(r"\1\2", key): value.contiguous() for key, value in state.items()}
    with atomic_write(target) as temporary:
        save_file(tensors, temporary, metadata={"source": file.name})


def _weights(model: str) -> Download:
    import torchvision

    if model not in torchvision.models.list_models(torchvision.models):
        names = ", ".join([*REGISTRY, *SETS])
        raise HotdogError(
            f"nothing called {model!r} can be fetched; choose from {names}, "
            "or a torchvision model such as squeezenet1_1 or resnet18"
        )
    url = torchvision.models.get_model_weights(model).DEFAULT.url
    digest = url.removesuffix(".pth").rsplit("-", 1)[
        -1
    ]  # torchvision's convention: 8 digits or more
    target = f"weights/{model}-imagenet1k.safetensors"
    return Download(url, f"sha256:{digest}", target, _install_weights)


DEEPDOG_CLASSES = ("not-hotdog", "hotdog")  # of its labels 0 and 1
_DEEPDOG = "https://apache-mxnet.s3-accelerate.amazonaws.com/gluon/dataset"

REGISTRY = {
    "hotdog": Download(
        url="https://d2l-data.s3-accelerate.amazonaws.com/hotdog.zip",
        digest="sha1:fba480ffa8aa7e0febbb511d181409f899b9baa5",
        target="hotdog",
        install=_install_photographs,
    ),
    "deepdog-train": Download(
        url=f"{_DEEPDOG}/not_hotdog_train-e6ef27b4.rec",
        digest="sha1:0aad7e1f16f5fb109b719a414a867bbee6ef27b4",
        target="deepdog/train",
        install=_install_records,
    ),
    # Called validation in 2017, and both chosen on and reported. Here it is only reported.
    "deepdog-test": Download(
        url=f"{_DEEPDOG}/not_hotdog_validation-c0201740.rec",
        digest="sha1:723ae5f8a433ed2e2bf729baec6b878ac0201740",
        target="deepdog/test",
        install=_install_records,
    ),
    "caltech256": Download(
        url="https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar",
        digest="md5:67b4f42ca05d46448c6bb8ecd2220f6d",
        target="caltech256",
        install=_install_caltech,
    ),
    "cifar10": Download(  # the binary version: the one for Python is made of pickles
        url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        digest="md5:c32a1d4ab5d03f1284b67883e8d87530",
        target="cifar10",
        install=_install_cifar,
    ),
}
#: Names that stand for several downloads into one folder.
SETS = {"deepdog": ("deepdog-train", "deepdog-test")}
