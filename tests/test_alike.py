"""Benches compare two methods where a judge says the same of both, not beyond the ends of a row."""

import pytest
import torch

from lab.bench import alike

CLEAN = torch.zeros(3, 4, 4)


def rated(picture):
    """A judge that says 100 of the original and less of what shows, one that says the reverse."""
    factor = round(picture.mean().item() * 255) / 200
    return {"seen": {"score": 100 - factor, "error": factor**2}, "effects": {"4": factor / 10}}


@pytest.fixture
def made(monkeypatch):
    """The method before as a change of 200 levels at factor 1, and how often it was made."""
    changes = []
    monkeypatch.setattr(alike.before, "change", lambda *_: changes.append(1) or CLEAN)
    monkeypatch.setattr(alike.before, "settled", lambda *_: CLEAN + 200 / 255)
    monkeypatch.setattr(alike.before, "changed", lambda clean, change, by: clean + by * change)
    return changes


def rows_for(factor, old=()):
    seen = {"score": 100 - factor, "error": factor**2}
    rows, seconds = alike.earlier(CLEAN, CLEAN, rated, seen, list(old))
    return seen, rows, seconds


@pytest.mark.parametrize(
    ("factor", "tried"),
    [
        (0.9, [0.5, 0.8, 1.0, 1.3]),
        (0.3, [0.25, 0.35, 0.5, 0.8, 1.0, 1.3]),
        (2.0, [0.5, 0.8, 1.0, 1.3, 1.8, 2.5]),
    ],
)
def test_strengths_are_added_until_one_is_rated_like_ours(made, factor, tried):
    seen, rows, seconds = rows_for(factor)
    assert [row["factor"] for row in rows] == tried
    assert not alike.weaker(rows, seen)
    assert not alike.stronger(rows, seen)
    assert alike.read_off(rows, "score", seen["score"], "4") == pytest.approx(factor / 10, rel=0.02)
    assert made and "before" in seconds


def test_rows_of_an_earlier_run_are_kept_and_only_the_missing_ones_are_made(made):
    _, rows, _ = rows_for(0.9)
    made.clear()
    assert rows_for(1.1, rows)[1] == rows and not made
    _, more, seconds = rows_for(0.4, rows)
    assert [row["factor"] for row in more] == [0.35, 0.5, 0.8, 1.0, 1.3]
    assert made and seconds == {}  # the time was not of one run with ours


def test_what_no_strength_reaches_is_said(made):
    seen, rows, _ = rows_for(9.0)
    assert sorted(alike.stronger(rows, seen)) == ["error", "score"]
    seen, rows, _ = rows_for(0.01)
    assert sorted(alike.weaker(rows, seen)) == ["error", "score"]
