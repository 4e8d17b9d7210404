"""A folder is cut in two without a leak, without a file lost in silence, and stays as it is."""

import numpy as np
import pytest
from PIL import Image

from hotdog_lib.cli import main
from hotdog_lib.data.cache import load_pictures
from hotdog_lib.data.duplicates import near_duplicates
from hotdog_lib.data.folders import scan_folder
from hotdog_lib.data.set_aside import set_aside
from hotdog_lib.errors import HotdogError


def picture(seed):
    rows = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(rows).resize((60, 60), Image.Resampling.BICUBIC)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTDOG_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def photos(tmp_path):
    """Twelve of each class, one of them in a folder of its own; a copy, a contradiction, a ruin."""
    root = tmp_path / "photos"
    for number in range(24):
        place = root / ("cat", "dog")[number % 2] / ("trip" if number == 4 else "")
        place.mkdir(parents=True, exist_ok=True)
        picture(number).save(place / f"{number:02}.png")
    picture(0).save(root / "cat" / "again.jpg", quality=80)
    picture(1).save(root / "cat" / "dog, too.jpg", quality=80)
    (root / "dog" / "page.jpg").write_text("<html>")
    return root


def files(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.*")}


def test_every_file_is_in_one_part_or_in_the_report(photos, tmp_path):
    before = files(photos)
    parts = set_aside(photos, tmp_path / "parts", 0.25, seed=3)
    train, test = (files(tmp_path / "parts" / split) for split in ("train", "test"))
    left_out = {file.path for file in parts.unreadable}
    left_out |= {name for group in parts.contradictory for name in group}
    assert left_out == {"dog/page.jpg", "dog/01.png", "cat/dog, too.jpg"}
    assert not train.keys() & test.keys() and "cat/trip/04.png" in train | test
    assert {**train, **test} == {k: v for k, v in before.items() if k not in left_out}
    assert files(photos) == before
    counted = {split: sum(counts.values()) for split, counts in parts.pictures.items()}
    assert counted == {"train": len(train), "test": len(test)}
    assert len(test) / (len(test) + len(train)) == pytest.approx(0.25, abs=0.05)


def test_copies_stay_on_one_side_whatever_the_seed(photos, tmp_path):
    seen = set()
    for seed in range(4):
        out = tmp_path / f"parts{seed}"
        set_aside(photos, out, 0.4, seed=seed)
        train, test = (load_pictures(scan_folder(out, s), 64).images for s in ("train", "test"))
        assert not near_duplicates(train, test)
        seen.add(tuple(sorted(files(out / "test"))))
    assert len(seen) > 1


def test_refuses_places_that_are_taken(photos, tmp_path):
    with pytest.raises(HotdogError, match="lies in"):
        set_aside(photos, photos / "parts")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(HotdogError, match="not empty"):
        set_aside(photos, tmp_path / "full")
    set_aside(photos, tmp_path / "parts")
    with pytest.raises(HotdogError, match="train/ and test/"):
        set_aside(tmp_path / "parts", tmp_path / "twice")


def test_the_command_says_what_it_left_out(photos, tmp_path, capsys):
    assert main(["split", str(photos), "--out", str(tmp_path / "parts"), "--test", "0.3"]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == str(tmp_path / "parts")
    assert "dog/page.jpg" in told.err and "cat/dog, too.jpg" in told.err
