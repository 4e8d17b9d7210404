"""Tables say numbers the way a reader reads them."""

import pytest

from hotdog_lib.errors import HotdogError
from hotdog_lib.viz.tables import table


def test_a_table_of_words_counts_measures_and_intervals():
    rows = [
        {"stage": "stem | a", "numbers": 2980, "share_of_all": 0.012345, "accuracy": (0.9, 0.0125)},
        {"stage": "head", "numbers": 322, "share_of_all": 1.0, "accuracy": (0.8, 0.02)},
    ]
    assert table(rows).data.splitlines() == [
        "| stage | numbers | share of all | accuracy |",
        "| :-- | --: | --: | --: |",
        "| stem \\| a | 2,980 | 0.0123 | 0.900 ± 0.013 |",
        "| head | 322 | 1 | 0.800 ± 0.020 |",
    ]
    assert "| yes |" in table([{"learns": True}]).data


def test_a_table_needs_a_row():
    with pytest.raises(HotdogError, match="at least one"):
        table([])
