"""Unpacking an archive that is not trusted."""

from __future__ import annotations

import errno
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from hotdog_lib.errors import HotdogError

MAX_UNPACKED = 16 * 2**30  # bytes
MAX_MEMBERS = 500_000
MAX_RATIO = 100  # bytes unpacked for each packed: photographs have about 1, zeros 1,000
MAX_NAME = 1000  # bytes of a path: one that no file system takes is no honest one
#: Not the archive's fault. Any other error is: a member that lies before the file's beginning, two
#: of one name, one inside a file, one without a name. Python's reader raises nearly every type.
DISK = (
    errno.ENOSPC,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EMFILE,
)


def unzip(archive: Path, folder: Path) -> None:
    """Unpack a zip file into an existing empty folder, once every member is checked.

    Raises:
        HotdogError: for a damaged archive; for members that lead out of the folder, or are links or
            devices, or are encrypted; for more than 16 GiB, 100 times its own size, or 500,000
            members.
    """
    with _sound(archive, "zip"), zipfile.ZipFile(archive) as opened:
        members = opened.infolist()
        _check_size(archive, [member.file_size for member in members])
        _check_members(archive, {member.filename: _fault(member) for member in members})
        for member in members:
            _extract(opened, member, folder)


def untar(archive: Path, folder: Path) -> None:
    """Unpack a tar file, gzipped or not, into an existing empty folder, as :func:`unzip` does.

    Raises:
        HotdogError: as there.
    """
    with _sound(archive, "tar"), tarfile.open(archive) as opened:
        members = opened.getmembers()
        _check_size(archive, [member.size for member in members])
        _check_members(archive, {member.name: _tar_fault(member) for member in members})
        for member in members:
            _extract_tar(opened, member, folder)


@contextmanager
def _sound(archive: Path, kind: str) -> Iterator[None]:
    """Whatever a reader raises is the archive's fault, but for the disk's."""
    try:
        yield
    except HotdogError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK:
            raise
        raise HotdogError(
            f"{archive} is not a sound {kind} file ({error}); fetch it again"
        ) from error


def _check_size(archive: Path, sizes: Sequence[int]) -> None:
    total, allowed = sum(sizes), min(MAX_UNPACKED, MAX_RATIO * archive.stat().st_size)
    if total > allowed or len(sizes) > MAX_MEMBERS:
        raise HotdogError(
            f"{archive} would unpack to {total:,} bytes in {len(sizes):,} files, "
            "more than is allowed; do not use it"
        )


def _check_members(archive: Path, faults: dict[str, str | None]) -> None:
    for name, fault in faults.items():
        if fault:
            raise HotdogError(f"{archive} holds {name!r}, which {fault}; do not use it")


def _fault(member: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(member.external_attr >> 16)  # 0 where the archive was not made on Unix
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if member.flag_bits & 1:
        return "is encrypted"
    return _name_fault(member.filename)


def _tar_fault(member: tarfile.TarInfo) -> str | None:
    ordinary = member.isreg() or member.isdir()
    return _name_fault(member.name) if ordinary else "is a link or a device"


def _name_fault(text: str) -> str | None:
    name = PurePosixPath(text)
    windows = set(text) & set("\\:")  # C:\\, ..\\ and streams; archives say / everywhere
    if name.is_absolute() or ".." in name.parts or windows:
        return "leads out of the folder"
    if len(text.encode(errors="replace")) > MAX_NAME:
        return "has too long a name"
    return None


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / member.filename
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # zipfile reads no more than the size declared, and checks the sum; "x" refuses a second file of
    # the same name.
    with opened.open(member) as source, open(target, "xb") as file:
        shutil.copyfileobj(source, file, 1 << 20)


def _extract_tar(opened: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    target = folder / member.name
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # Bytes only: neither owners nor modes of the archive are taken over.
    with opened.extractfile(member) as source, open(target, "xb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
