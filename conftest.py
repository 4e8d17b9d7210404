"""For every test and every notebook: the pocket edition, no network, one thread.

Tiny networks gain nothing from more threads, and a busy machine loses much by them.
"""

import os
from pathlib import Path

# Before torch is imported here, and in every process that a test or nbval starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HOTDOG_EDITION", "pocket")
GUARD = str(Path(__file__).parent / "tests" / "offline")  # its sitecustomize.py cuts the network
if os.environ["HOTDOG_EDITION"] == "pocket":
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [GUARD, os.environ.get("PYTHONPATH", "")])
    )
