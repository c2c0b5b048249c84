"""How much of a change stays, where smooth colour is what decides."""

from dataclasses import replace
from importlib import import_module

import pytest
import torch
import torch.nn.functional as F
from glassine.explore.smooth import Amounts, amounts_in, smooth_part, split_of
from glassine.pixels.art import Grid
from glassine.types import Change, Face
from glassine.units import Score
from glassine.visibility import colour_shift, haarpsi_figure, lpips, mdsi, ssimulacra2
from glassine.visibility.limits import limits_at
from hypothesis import given
from hypothesis import strategies as st

settling = import_module("glassine.flow.settle")  # the file; the package shows the verb
SIDES = st.integers(1, 90)


def tinted(height, width, colour=0.04, detail=0.02):
    """A change that is mostly one colour everywhere, which SSIMULACRA2 hardly notices."""
    draw = torch.Generator().manual_seed(1)
    towards = colour * torch.tensor((1.0, 0.2, -1.5))[:, None, None]
    return towards + detail * torch.randn(3, height, width, generator=draw)


@given(SIDES, SIDES, st.data())
def test_a_part_of_the_smooth_change_is_that_of_the_whole(height, width, data):
    means = split_of(tinted(height, width)).means
    whole = smooth_part(means, slice(0, height), slice(0, width))
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    rows = slice(top, data.draw(st.integers(top + 1, height)))
    columns = slice(left, data.draw(st.integers(left + 1, width)))
    part = smooth_part(means, rows, columns)
    assert part.shape == whole[:, rows, columns].shape
    assert torch.allclose(part, whole[:, rows, columns], atol=1e-6)


def test_the_means_of_a_tall_change_do_not_depend_on_its_strips():
    change = tinted(1100, 20)
    whole = F.avg_pool2d(change, 16, ceil_mode=True, count_include_pad=False)
    assert torch.allclose(split_of(change).means, whole, atol=1e-6)


def test_amounts_are_found_again_in_a_picture():
    split = split_of(tinted(96, 80))
    given = Amounts(1.5, 0.9)
    found = amounts_in(split.part(slice(0, 96), slice(0, 80), given), split)
    assert found.fine == pytest.approx(1.5, rel=0.1)
    assert found.smooth == pytest.approx(0.9, rel=0.1)


@pytest.fixture
def planned(finished, scene):
    rgb = scene.repeat(1, 4, 4)[:, :192, :176].contiguous()
    plan = finished(rgb).plan
    return replace(plan, score=Score(70), allowance=torch.ones(1, *rgb.shape[1:]), faces=())


def settled(plan, change):
    return settling.settle(Change(plan, change.half())).rgb


def as_one(plan, change, monkeypatch):
    """The same, where both parts are scaled alike."""
    with monkeypatch.context() as patched:
        patched.setattr(settling, "LEAST_SMOOTH", 1.0)
        return settled(plan, change)


def test_where_colour_decides_only_the_smooth_part_is_held_back(planned, monkeypatch):
    change, clean = tinted(192, 176), planned.artwork.rgb
    before, after = as_one(planned, change, monkeypatch), settled(planned, change)
    limits = limits_at(Score(70))
    assert colour_shift(clean, before) == pytest.approx(limits.colour, rel=0.1)
    split = split_of(change)
    one, two = (amounts_in(rgb - clean, split) for rgb in (before, after))
    assert two.fine > 1.2 * one.fine and two.smooth < 1.05 * one.smooth
    assert ssimulacra2(clean, after) >= limits.ssimulacra2 - 0.1
    assert colour_shift(clean, after) <= 1.02 * limits.colour
    assert haarpsi_figure(clean, after) >= limits.haarpsi - 0.002
    assert lpips(clean, after) <= 1.02 * limits.lpips
    assert mdsi(clean, after) <= 1.02 * limits.mdsi


@pytest.mark.parametrize("score", [85, 70, 55])
def test_the_judge_held_out_of_the_steps_decides_where_it_is_strictest(planned, monkeypatch, score):
    plan, change = replace(planned, score=Score(score)), tinted(192, 176, colour=0, detail=0.05)
    clean, limit = plan.artwork.rgb, limits_at(Score(score)).mdsi
    with monkeypatch.context() as patched:
        patched.setattr(settling, "points_held_out", lambda pairs: Score(100))
        assert mdsi(clean, settled(plan, change)) > 1.05 * limit
    assert mdsi(clean, settled(plan, change)) == pytest.approx(limit, rel=0.05)


def test_the_smooth_part_keeps_a_share_of_the_fine_parts_factor(planned):
    change = tinted(192, 176, colour=0.1)
    kept = amounts_in(settled(planned, change) - planned.artwork.rgb, split_of(change))
    assert kept.smooth == pytest.approx(settling.LEAST_SMOOTH * kept.fine, rel=0.1)


@pytest.mark.parametrize("colour", [0.0, 0.01])
def test_a_change_of_fine_detail_is_scaled_as_one(planned, monkeypatch, colour):
    change = tinted(192, 176, colour=colour, detail=0.05)
    assert torch.equal(settled(planned, change), as_one(planned, change, monkeypatch))


def test_faces_keep_the_strengths_with_which_they_were_measured(planned, monkeypatch):
    def never(pairs):
        raise AssertionError("the judge held out of the steps is asked")

    face = Face((40, 40, 140, 140), torch.zeros(5, 2).tolist(), 0.9)
    monkeypatch.setattr(settling, "points_held_out", never)
    settled(replace(planned, faces=(face,)), tinted(192, 176, colour=0, detail=0.05))


def test_faces_and_pixel_art_are_scaled_as_one(planned):
    def never(amounts):
        raise AssertionError("nobody asks how far colour has moved")

    face = Face((40, 40, 60, 60), torch.zeros(5, 2).tolist(), 0.9)
    grid = replace(planned.art, grid=Grid(8, 0, 0))
    assert settling.colour_room(replace(planned, faces=(face,)), never) == float("inf")
    assert settling.colour_room(replace(planned, art=grid), never) == float("inf")
