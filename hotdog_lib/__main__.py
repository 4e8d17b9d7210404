"""``python -m hotdog_lib``: see :mod:`hotdog_lib.cli`."""

from hotdog_lib.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
