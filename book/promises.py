"""The table of the page "What you can rely on": promise, how it is tested, figure measured.

Every figure is read from ``book/results/trust_*.json`` while the book is built.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import measured
from IPython.display import Markdown

Results = dict[str, Any]
MISSING = "not measured yet"

#: Promise, how it is tested, and the figure made of all results.
PROMISES: tuple[tuple[str, str, Callable[[Results], str]], ...] = (
    (
        "A training run that is killed at any moment, and resumed, ends with the very bytes of one "
        "that nobody disturbed.",
        "`benchmarks/kills.py` sends `SIGKILL` at random moments and compares the model files.",
        lambda r: "{kills} kills, {hit} of them while a file was written: {same} exact".format(
            kills=r["kills"]["runs"]["kills"],
            hit=r["kills"]["runs"].get("killed while a file was written", 0),
            same=r["kills"]["runs"]["kills"] - r["kills"]["runs"]["different"],
        ),
    ),
    (
        "A full disk, a read-only folder or a second process on the same run is told in one line, "
        "and the last good checkpoint stays.",
        "`benchmarks/kills.py` trains on a disk that is too small, gives it room, and resumes; "
        "`tests/test_training_run_folder.py`.",
        lambda r: f"{_full(r)}; {_tests(r, 'runs')}",
    ),
    (
        "A pixel cache is whole or not there: no wrong picture is ever read back.",
        "`benchmarks/kills.py` kills processes that build a cache, and compares every pixel.",
        lambda r: (
            "{kills} kills, {half} of them while the file was written: {different} wrong".format(
                half=r["kills"]["caches"]["killed while the file was written"],
                **r["kills"]["caches"],
            )
        ),
    ),
    (
        "What is downloaded is used only when its hash is right, goes on where it broke off, and "
        "leaves nothing behind when it fails.",
        "A server on this machine that breaks off, stalls, drips, lies about lengths, redirects to "
        "a login and sends other files: `tests/test_data_fetch_hostile.py`.",
        lambda r: _tests(r, "downloads"),
    ),
    (
        "An archive is unpacked inside its folder, without links and devices, and no further than "
        "100 times its size.",
        "`benchmarks/fuzz.py` damages sound archives.",
        lambda r: _fuzzed(r, "archives"),
    ),
    (
        "A picture file from anywhere is read, or skipped with a reason. No crash, no hang.",
        "`benchmarks/fuzz.py` damages JPEG, PNG, WebP, GIF, BMP and TIFF files; names in any "
        "script, loops of links, pipes and holes in `tests/test_data_anywhere.py`.",
        lambda r: f"{_fuzzed(r, 'decoder')}; {_tests(r, 'pictures')}",
    ),
    (
        "One picture takes at most 1 GiB to decode, and large ones are decoded one at a time.",
        "`benchmarks/limits.py` decodes the largest pictures that are taken.",
        lambda r: f"at most {max(p['peak MiB'] for p in r['limits']['pictures']):,.0f} MiB",
    ),
    (
        "`classify_hotdog` and `predict` take http and https addresses of the open internet, at "
        "most 32 MiB and 20 seconds. Redirects, and names that change their address, are checked.",
        "Addresses of every private kind, hostile pages: `tests/test_data_web.py`; "
        "`benchmarks/fuzz.py`.",
        lambda r: f"{_tests(r, 'addresses')}; {_fuzzed(r, 'addresses')}",
    ),
    (
        "Nothing that is loaded can run code, or take more memory than the network that it "
        "describes: safetensors only, headers held to a schema before a weight is read.",
        "`tests/test_models_hostile.py`, which also scans the sources; `benchmarks/fuzz.py`.",
        lambda r: f"{_tests(r, 'model files')}; {_fuzzed(r, 'model files', 'checkpoints')}",
    ),
    (
        "Record files, shards and command lines that make no sense get an error that names what "
        "is wrong.",
        "`benchmarks/fuzz.py`.",
        lambda r: _fuzzed(r, "RecordIO", "shards", "command line"),
    ),
    (
        "The same seed gives the same bits on the same machine.",
        "`benchmarks/kills.py` compares the model files of two undisturbed runs first.",
        lambda r: (
            f"identical in {r['kills']['runs']['undisturbed runs']} of "
            f"{r['kills']['runs']['undisturbed runs']} runs"
        ),
    ),
    (
        "Leakage is reported on your own pictures: near-duplicates across splits, pictures that "
        "the source was trained on, a test split that was used to choose.",
        "`tests/test_training_leakage.py`, `tests/test_data_splits.py`.",
        lambda r: _tests(r, "leakage"),
    ),
    (
        "Python 3.10 to 3.13, torch from 2.10 on.",
        "`benchmarks/versions.py` installs each and runs the tests of the library.",
        lambda r: "; ".join(
            f"{p['python']} with torch {p['torch']}: {p['passed']} passed, {p['failed']} failed"
            for p in r["versions"]["pairs"]
        ),
    ),
    (
        "No finding of high severity in the code, no known hole in what it needs.",
        "`benchmarks/audit.py`, at the end of every CI run.",
        lambda r: r["audit"]["says"],
    ),
)


def table() -> Markdown:
    """All promises with their figures, for the page."""
    results = {
        name.removeprefix("trust_"): record
        for name, record in measured.everything("trust_*.json").items()
    }
    rows = [
        {"promise": promise, "how it is tested": how, "measured": _figure(figure, results)}
        for promise, how, figure in PROMISES
    ]
    return Markdown(measured.table(rows))


def _figure(figure: Callable[[Results], str], results: Results) -> str:
    try:
        return figure(results)
    except KeyError:  # its benchmark has not been run yet
        return MISSING


def _tests(results: Results, name: str) -> str:
    if "tests" not in results:
        return MISSING
    row = results["tests"]["tests"][name]
    return f"{row['passed']} tests pass, {row['failed']} fail"


def _fuzzed(results: Results, *names: str) -> str:
    targets = results.get("fuzz", {}).get("targets", [])
    rows = [row for row in targets if row["target"].startswith(names)]
    if not rows:
        return MISSING
    inputs, found = sum(row["inputs"] for row in rows), sum(bool(row["found"]) for row in rows)
    slowest, most = (max(row[key] for row in rows) for key in ("slowest ms", "peak MiB"))
    told = f"{inputs:,} inputs: {found} faults"
    return f"{told}, slowest {slowest:,.0f} ms, at most {most:,.0f} MiB more"


def _full(results: Results) -> str:
    disk = results["kills"]["full disk"]
    if not disk["tried"]:
        return "a full disk could not be made here"
    return f"full disk: exit code {disk['exit code when full']}, {disk['different']} lost"
