"""Chapters find what was measured before, in a checkout and in an installation without one."""

import json
import re
from pathlib import Path

import pytest

from hotdog_lib import recorded
from hotdog_lib.errors import HotdogError

ROOT = Path(__file__).resolve().parent.parent


def test_reads_a_record_and_names_the_others():
    name = "small_data_resnet18_slim"
    path = ROOT / "book/results" / f"{name}.json"
    assert recorded.recorded(name) == json.loads(path.read_text(encoding="utf-8"))
    with pytest.raises(HotdogError, match=name):
        recorded.recorded("small_date")


def test_an_installation_has_them_where_they_are_looked_for(tmp_path, monkeypatch):
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ((place, pattern),) = re.findall(r'data-files\]\n"(.+)" = \["(.+)"\]', settings)
    assert recorded.FOLDERS[1].as_posix().endswith(place) and list(ROOT.glob(pattern))
    (tmp_path / "old.json").write_text('{"says": "hello"}')
    monkeypatch.setattr(recorded, "FOLDERS", (tmp_path / "none", tmp_path))
    assert recorded.recorded("old") == {"says": "hello"}


def test_a_row_is_found_by_its_facts_or_the_command_is_named():
    rows = [{"pictures": 50, "f1": [0.7, 0.8]}, {"pictures": 100, "f1": [0.8, 0.9]}]
    record = {"title": "Sizes", "command": "python sizes.py", "runs": rows}
    assert recorded.row_of(record, "runs", pictures=100) is rows[1]
    for facts in ({"pictures": 200}, {"size": 50}, {}):
        with pytest.raises(HotdogError, match=r"'Sizes' has \d rows .* python sizes.py"):
            recorded.row_of(record, "runs", **facts)
    with pytest.raises(HotdogError, match="0 rows"):
        recorded.row_of(record, "walks", pictures=50)
