"""Whatever a measurement stored, the pages show it or leave it out; it never breaks the book."""

import json

import measured


def test_table_shows_seeds_as_mean_and_interval():
    rows = [{"strategy": "head", "accuracy": [0.8, 0.9]}, {"strategy": "scratch", "seconds": 12.5}]
    assert measured.table(rows).splitlines() == [
        "| strategy | accuracy | seconds |",
        "| :-- | --: | --: |",
        "| head | 0.850 ± 0.635 |  |",
        "| scratch |  | 12 |",
    ]


def test_small_rates_are_not_zero():
    shown = [measured.cell(value) for value in (3e-4, 1e-6, 0.0, 0.25, -0.0005, 1234.5)]
    assert shown == ["0.0003", "1e-06", "0.000", "0.250", "-0.0005", "1,234"]


def test_section_takes_any_object():
    odd = {
        "title": "T",
        "says": "It helps.",
        "command": "python x.py",
        "none": None,
        "flag": True,
        "names": ["a", "b"],
        "nothing": [],
        "rows": [{"a": 1, "deep": {"b": 2}}],
        "curve": {"50": {"head": [0.5, 0.5]}},
        "counts": {"hotdog": 3},
        "mixed": [1, {"a": 2}],
    }
    text = measured.section("odd", odd)
    assert text.startswith("**T**\n\nIt helps.") and "`python x.py`" in text
    assert (
        "| 50 | 0.500 ± 0.000 |" in text and "| hotdog | 3 |" in text and "| flag | yes |" in text
    )
    assert "deep" not in text and "mixed" not in text


def test_show_reads_the_files_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "RESULTS", tmp_path)
    assert "Nothing measured" in measured.show().data
    for name in ("b_second", "a_first"):
        (tmp_path / f"{name}.json").write_text(json.dumps([{"n": 1}]))
    assert measured.show().data.index("A first") < measured.show().data.index("B second")


def test_networks_of_the_package_describe_themselves():
    text = measured.embedded_networks().data
    assert "numbers stored" in text or "none" in text


def test_the_overview_has_a_row_and_a_command_for_every_file(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "RESULTS", tmp_path)
    assert "Nothing measured" in measured.overview().data
    record = {"title": "T", "says": "It helps.", "edition": "full (here)", "command": "python x.py"}
    (tmp_path / "one.json").write_text(json.dumps(record))
    (tmp_path / "two.json").write_text(json.dumps([{"n": 1}]))
    rows = measured.overview().data.splitlines()[2:]
    assert rows == ["| T | It helps. | full | `python x.py` |", "| Two |  |  |  |"]
    folded = measured.show(folded=True).data
    assert folded.count("<details>") == folded.count("</details>") == 2
