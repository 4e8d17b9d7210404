"""Every chapter is committed in the form that the book, Colab and the diffs need."""

import json
import re
from pathlib import Path

import address
import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
ABSOLUTE = re.compile(
    r"""(?<![\w.:/])/(?:home|root|Users|tmp|mnt|usr|content|opt|var)/|\b[A-Z]:\\"""
)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return json.loads(request.param.read_text(encoding="utf-8")) | {"path": request.param}


def source(cell):
    return "".join(cell["source"])


def tags(cell):
    return cell["metadata"].get("tags", [])


def test_is_valid_and_stripped(notebook):
    nbformat.validate(nbformat.read(notebook["path"], as_version=4))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    stored = [source(c)[:60] for c in code if c["outputs"] or c["execution_count"] is not None]
    assert not stored, "stored outputs: run nbstripout --extra-keys metadata.language_info"
    assert "language_info" not in notebook["metadata"], "run nbstripout, as above"
    assert "widgets" not in notebook["metadata"]


def test_metadata_ask_for_a_gpu_and_python(notebook):
    assert notebook["metadata"].get("accelerator") == "GPU"
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


def test_opens_with_badge_install_and_title(notebook):
    badge, install, title = notebook["cells"][:3]
    name = notebook["path"].relative_to(ROOT).as_posix()
    remedy = f"python book/address.py --cells {name}"
    expected = address.first_cells(name, address.public_address())
    assert (badge["cell_type"], install["cell_type"]) == ("markdown", "code")
    assert (source(badge).strip(), source(install).strip()) == expected, remedy
    assert "remove-cell" in tags(badge) and "remove-cell" in tags(install)
    number = int(notebook["path"].name[:2])
    assert source(title).startswith(f"# {number} · "), f"the title must be '# {number} · ...'"


def test_directives_read_well_in_colab(notebook):
    fenced = [
        line
        for cell in notebook["cells"]
        if cell["cell_type"] == "markdown"
        for line in source(cell).splitlines()
        if re.match(r"\s*```+\{", line)
    ]
    assert not fenced, f"use colons, :::{{name}}, not backticks: {fenced}"


def test_no_path_of_a_machine(notebook):
    found = [source(cell) for cell in notebook["cells"] if ABSOLUTE.search(source(cell))]
    assert not found


def test_skipped_cells_are_skipped_by_nbval_too(notebook):
    for cell in notebook["cells"]:
        assert ("skip-execution" in tags(cell)) == ("nbval-skip" in tags(cell)), source(cell)
