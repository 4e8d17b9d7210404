"""Two processes do what one does, with eleven pictures too; and the end of one ends the other."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import many
import pytest

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
SECONDS = 120  # for what takes ten: nothing may hang


def free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def launch(command, **environment):
    """Starts a command; whatever it prints is for the reader of a failed test."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", **environment}
    return subprocess.Popen([str(part) for part in command], env=environment,
                            stderr=subprocess.PIPE, text=True)  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What one process gives, and what each of two gives."""
    out = tmp_path_factory.mktemp("many") / "result"
    script = Path(__file__).with_name("many.py")
    started = launch([*TORCHRUN, "--master-port", free_port(), script, out])
    try:
        alone = many.everything()
        said = started.communicate(timeout=SECONDS)[1]
        assert started.returncode == 0, said
    finally:
        started.kill()
    ranks = [json.loads(Path(f"{out}.{rank}").read_text()) for rank in range(2)]
    return alone, ranks


@pytest.mark.parametrize("case", many.CASES)
def test_two_processes_train_as_one(both, case):
    alone, ranks = both
    for rank in ranks:
        assert rank[case]["weights"] == pytest.approx(alone[case]["weights"], rel=1e-5)
        for one, two in zip(alone[case]["history"], rank[case]["history"], strict=True):
            assert two["train_loss"] == pytest.approx(one["train_loss"], rel=1e-4)
            for name, value in one["validation"].items():
                assert two["validation"][name] == (
                    pytest.approx(value, rel=1e-4) if isinstance(value, float) else value
                ), name
    assert ranks[0][case]["history"][0]["validation"]["n"] == 11, "none twice, none left out"


def test_one_process_writes(both):
    alone, ranks = both
    for case in many.CASES:
        assert ranks[0][case]["wrote"] == alone[case]["wrote"] > 0
        assert ranks[1][case]["wrote"] == 0


def test_layers_that_look_at_the_whole_batch_see_it(both):
    alone, ranks = both
    for rank in ranks:
        for name, values in alone["layers"].items():
            assert rank["layers"][name] == pytest.approx(values, rel=1e-4, abs=1e-5), name
