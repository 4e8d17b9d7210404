"""The page "What the originals got wrong": each fault has a figure, and a section that shows it."""

import json
import re
from pathlib import Path

import faults
import originals
import pytest

BOOK = Path(__file__).resolve().parent.parent / "book"
ROWS = [(source, row) for source, rows in originals.FAULTS.items() for row in rows]


@pytest.mark.parametrize(("source", "row"), ROWS, ids=lambda x: x if isinstance(x, str) else x.what)
def test_a_fault_is_measured_and_shown_in_a_chapter(source, row):
    notebook = json.loads((BOOK.parent / f"notebooks/{row.notebook}.ipynb").read_text("utf-8"))
    text = "\n".join(
        "".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"
    )
    assert f"\n## {row.section}\n" in text
    assert re.search(r"\d|`", row.figure())
    assert re.search(r"\.html#[a-z0-9]+(-[a-z0-9]+)*\)$", row.link)


def test_the_page_has_all_tables_and_is_in_the_book():
    page = (BOOK / "originals.md").read_text("utf-8")
    assert re.findall(r'originals\.table\("(.+)"\)', page) == list(originals.FAULTS)
    assert "book/originals" in (BOOK / "_toc.yml").read_text("utf-8")


def test_figures_of_known_size():
    assert "photocopier" in faults.row_713() and "934" in faults.row_713()
    assert "128 times" in faults.summed_loss() and "0.0064" in faults.summed_loss()
    assert faults.frozen_and_moving().startswith("60 tensors")  # 20 BatchNorm layers, 3 each
    assert "100% of the 100 pictures" in faults.nonsense_by_heart()
    assert "75%" in faults.squashed()


def test_f1_of_a_whole_and_of_batches():
    import torch

    truth = torch.tensor([True, True, False, False])
    says = torch.tensor([True, False, False, False])
    whole = faults.f1((truth & says).sum(), (~truth & says).sum(), (truth & ~says).sum())
    assert float(whole) == pytest.approx(2 / 3)
    assert float(faults.f1(*torch.zeros(3))) == 0
