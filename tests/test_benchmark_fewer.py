"""The benchmark of fewer parameters: its second question, and what it says."""

import pytest


@pytest.fixture
def fewer(load_benchmark):
    return load_benchmark("fewer_parameters")


def test_half_of_the_buns_are_toasted(fewer):
    pictures = fewer.toasted_or_not(3, 10, 64)
    assert pictures.counts() == {"toasted": 5, "not-toasted": 5}
    named = zip(pictures.factors, pictures.targets.tolist(), strict=True)
    assert all((factors["bun"] == "toasted") == (target == 0) for factors, target in named)
    assert len(set(pictures.names)) == 10
    others = fewer.toasted_or_not(3, 10, 64, start=1000)
    assert not set(others.names) & set(pictures.names)


def test_the_result_names_both_questions(fewer):
    rows = [
        {"question": question, "strategy": strategy, "accuracy": [0.9, 0.92]}
        for question in fewer.QUESTIONS
        for strategy in ("head", "finetune")
    ]
    told = fewer.finding("resnet18_slim", rows)
    assert told.count("head 0.910") == 2 and all(question in told for question in fewer.QUESTIONS)
