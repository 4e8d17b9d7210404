"""A folder of class folders: which pictures there are, and what they show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotdog_lib.errors import HotdogError

# Formats that cannot be decoded are listed too: such a photograph is reported, not overlooked.
PICTURE_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .webp .gif .bmp .tif .tiff .heic .heif .avif".split()
)
SPLITS = ("train", "test")


@dataclass(frozen=True)
class Folder:
    """Labelled picture files.

    Attributes:
        root: the folder that holds the class folders.
        paths: the files, in an order that does not hang on the file system.
        targets: one a file: its index into ``class_names``.
        class_names: the classes in index order.
    """

    root: Path
    paths: tuple[Path, ...]
    targets: tuple[int, ...]
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)


def has_splits(root: Path | str) -> bool:
    """Whether ``root`` holds both ``train/`` and ``test/``."""
    return all((Path(root) / split).is_dir() for split in SPLITS)


def scan_folder(
    root: Path | str, split: str | None = None, class_names: Sequence[str] | None = None
) -> Folder:
    """List the pictures in a folder of class folders; nothing is opened yet.

    Class folders may hold folders of their own. Hidden files are left out, and so is what has no
    picture's suffix.

    Args:
        root: the folder.
        split: take ``root/split``, such as ``"train"``, instead of ``root``.
        class_names: the classes there must be, such as a trained model's, in their order; None
            takes the names of the class folders, sorted.

    Raises:
        HotdogError: for a wrong path, an empty class folder, fewer than two classes, or other
            classes than asked for.
    """
    folder = _split_folder(Path(root).expanduser(), split)
    try:
        found = _class_folders(folder)
        names = tuple(found) if class_names is None else tuple(class_names)
        _check_classes(folder, list(found), names)
        pictures = [_pictures(found[name]) for name in names]
    except OSError as error:
        raise HotdogError(
            f"cannot list {error.filename or folder} ({error.strerror}); make it readable"
        ) from error
    files = [(path, target) for target, paths in enumerate(pictures) for path in paths]
    return Folder(
        root=folder,
        paths=tuple(path for path, _ in files),
        targets=tuple(target for _, target in files),
        class_names=names,
    )


def _split_folder(root: Path, split: str | None) -> Path:
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise HotdogError(f"{root} {what}; give the folder that holds one folder for each class")
    if split is None and has_splits(root):
        raise HotdogError(f"{root} holds train/ and test/; say which of the two to read")
    if split is not None and not (root / split).is_dir():
        there = sorted(entry.name for entry in root.iterdir() if entry.is_dir())
        raise HotdogError(f"{root} has no folder {split!r}, only {there}; add it, or name another")
    return root if split is None else root / split


def _class_folders(folder: Path) -> dict[str, Path]:
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    found = {entry.name: entry for entry in entries if entry.is_dir() and not _hidden(entry)}
    if not found:
        loose = sum(entry.suffix.lower() in PICTURE_SUFFIXES for entry in entries)
        raise HotdogError(
            f"{folder} holds no class folders ({loose} loose pictures); "
            "sort the pictures into one folder for each class"
        )
    return found


def _check_classes(folder: Path, found: list[str], wanted: tuple[str, ...]) -> None:
    missing, unknown = set(wanted) - set(found), set(found) - set(wanted)
    if missing or unknown:
        raise HotdogError(
            f"{folder} has the classes {found}, but {list(wanted)} are expected "
            f"(missing {sorted(missing)}, not expected {sorted(unknown)}); "
            "rename or add the class folders"
        )
    if len(wanted) < 2:
        raise HotdogError(
            f"{folder} holds a single class, {list(wanted)}; "
            "add a folder with pictures of at least one other class"
        )


def _pictures(class_folder: Path) -> list[Path]:
    paths = sorted(_walk(class_folder), key=lambda path: path.as_posix())
    if not paths:
        raise HotdogError(
            f"the class folder {class_folder} holds no pictures; "
            "add some (.jpg, .png, .webp, .gif, .bmp, .tiff), or remove the folder"
        )
    return paths


def _walk(top: Path) -> Iterator[Path]:
    seen, waiting = set(), [top]  # a list, since folders may lie deeper than functions may call
    while waiting:
        folder = waiting.pop()
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:  # a link back to a folder above
            continue
        seen.add((status.st_dev, status.st_ino))
        for entry in sorted(folder.iterdir()):
            if _hidden(entry):
                continue
            if entry.is_dir():
                waiting.append(entry)
            elif entry.suffix.lower() in PICTURE_SUFFIXES:
                yield entry


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")
