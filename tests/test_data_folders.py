"""Folders of class folders: what is found, and what is said when something is amiss."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotdog_lib.data.folders import has_splits, scan_folder
from hotdog_lib.errors import HotdogError


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


def test_classes_are_sorted_so_hotdog_is_0(tmp_path):
    touch(tmp_path, "not-hotdog/b.PNG", "not-hotdog/a.jpg", "hotdog/deep/er/c.webp")
    touch(tmp_path, "hotdog/.hidden.jpg", "hotdog/notes.txt", ".git/x.jpg", "readme.md")
    folder = scan_folder(tmp_path)
    assert folder.class_names == ("hotdog", "not-hotdog")
    assert [path.name for path in folder.paths] == ["c.webp", "a.jpg", "b.PNG"]
    assert folder.targets == (0, 1, 1) and len(folder) == 3


def test_splits_are_never_taken_for_classes(tmp_path):
    for split in ("train", "test"):
        touch(tmp_path, f"{split}/hotdog/1.jpg", f"{split}/not-hotdog/1.jpg")
    assert has_splits(tmp_path)
    assert scan_folder(tmp_path, "test").root == tmp_path / "test"
    with pytest.raises(HotdogError, match="train/ and test/"):
        scan_folder(tmp_path)
    with pytest.raises(HotdogError, match="no folder 'valid'.*'test', 'train'"):
        scan_folder(tmp_path, "valid")


def test_classes_of_a_trained_model_must_all_be_there(tmp_path):
    touch(tmp_path, "hotdog/1.jpg", "pizza/1.jpg")
    assert scan_folder(tmp_path, class_names=("pizza", "hotdog")).targets == (0, 1)
    with pytest.raises(HotdogError, match=r"missing \['not-hotdog'\], not expected \['pizza'\]"):
        scan_folder(tmp_path, class_names=("hotdog", "not-hotdog"))


def test_what_is_amiss_is_named(tmp_path):
    with pytest.raises(HotdogError, match="nowhere does not exist"):
        scan_folder(tmp_path / "nowhere")
    touch(tmp_path, "1.jpg")
    with pytest.raises(HotdogError, match="is not a folder"):
        scan_folder(tmp_path / "1.jpg")
    with pytest.raises(HotdogError, match="1 loose pictures"):
        scan_folder(tmp_path)
    touch(tmp_path, "hotdog/1.jpg")
    with pytest.raises(HotdogError, match=r"single class, \['hotdog'\]"):
        scan_folder(tmp_path)
    (tmp_path / "not-hotdog").mkdir()
    with pytest.raises(HotdogError, match="class folder .*not-hotdog holds no pictures"):
        scan_folder(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_in_a_circle_end(tmp_path):
    touch(tmp_path, "hotdog/1.jpg", "not-hotdog/1.jpg")
    (tmp_path / "hotdog" / "up").symlink_to(tmp_path / "hotdog", target_is_directory=True)
    (tmp_path / "hotdog" / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert [path.name for path in scan_folder(tmp_path).paths] == ["1.jpg", "gone.jpg", "1.jpg"]
