"""Unpacking an archive that is not trusted."""

from __future__ import annotations

import errno
import shutil
import stat
import zipfile
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
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            _check(archive, members)
            for member in members:
                _extract(opened, member, folder)
    except HotdogError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK:
            raise
        raise HotdogError(f"{archive} is not a sound zip file ({error}); fetch it again") from error


def _check(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members)
    allowed = min(MAX_UNPACKED, MAX_RATIO * archive.stat().st_size)
    if total > allowed or len(members) > MAX_MEMBERS:
        raise HotdogError(
            f"{archive} would unpack to {total:,} bytes in {len(members):,} files, "
            "more than is allowed; do not use it"
        )
    for member in members:
        fault = _fault(member)
        if fault:
            raise HotdogError(f"{archive} holds {member.filename!r}, which {fault}; do not use it")


def _fault(member: zipfile.ZipInfo) -> str | None:
    name = PurePosixPath(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)  # 0 where the archive was not made on Unix
    windows = set(member.filename) & set("\\:")  # C:\\, ..\\ and streams; a zip says / everywhere
    if name.is_absolute() or ".." in name.parts or windows:
        return "leads out of the folder"
    if len(member.filename.encode(errors="replace")) > MAX_NAME:
        return "has too long a name"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if member.flag_bits & 1:
        return "is encrypted"
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
