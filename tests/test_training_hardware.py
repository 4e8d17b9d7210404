"""What the choice of a device sets up."""

import subprocess
import sys

import pytest

#: Page faults of ten more steps that take 40 MB and free them, once the heap has settled.
STEP = """
import resource, sys, torch
from hotdog_lib.training.hardware import keep_freed_memory
torch.set_num_threads(1)
told = keep_freed_memory() if sys.argv[1] == "kept" else True
for _ in range(40):
    torch.ones(10_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    torch.ones(10_000_000)
print(told, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the GNU C library's malloc")
def test_a_step_gets_the_memory_that_the_last_one_freed():
    def faults(how):
        command = [sys.executable, "-c", STEP, how]
        told, count = subprocess.run(command, capture_output=True, text=True).stdout.split()
        return told, int(count)

    told, kept = faults("kept")
    if told == "False":
        pytest.skip("this C library cannot be told")
    _, anew = faults("anew")
    assert kept < 10_000 < anew  # of some 100,000 pages
