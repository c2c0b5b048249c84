"""The judges in the loop: their gradients, their limits, and what `settle` makes of them."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from glassine.explore.walk import eye_looks
from glassine.messages import message
from glassine.pixels.grid import on_grid
from glassine.units import Score
from glassine.visibility import eye, mdsi, ssimulacra2
from glassine.visibility.edges import edge_distance
from glassine.visibility.eye import JUDGES, more_visible, parts
from glassine.visibility.haarpsi import haarpsi
from glassine.visibility.limits import LEVELS, MEANS, limits_at, points, points_held_out, strictest
from glassine.visibility.lpips import lpips_distance
from glassine.visibility.softened import softened_distance
from glassine.visibility.ssimulacra2 import curve, error, scales


@pytest.fixture
def pair(draw):
    coarse = torch.rand(1, 3, 12, 12, generator=draw)
    clean = torch.nn.functional.interpolate(coarse, (160, 160), mode="bicubic")[0].clamp(0, 1)
    clean = on_grid(clean, 8)
    noise = torch.randn(3, 160, 160, generator=draw)
    return clean, (clean + 0.03 * noise).clamp(0, 1)


def test_the_differentiable_error_is_that_of_the_score(pair):
    clean, other = pair
    found = error(tuple(scales(clean)), other).item()
    assert curve(found) == pytest.approx(ssimulacra2(clean, other), abs=1e-3)


@pytest.mark.parametrize("judge", JUDGES, ids=lambda judge: judge.apart.__name__)
def test_each_judges_gradient_points_to_what_shows_more(judge, pair):
    clean, other = pair
    seen = other.clone().requires_grad_(True)
    apart = judge.apart(clean, seen)
    (gradient,) = torch.autograd.grad(apart, seen)
    assert gradient.isfinite().all() and gradient.any()
    less = other - 0.002 * gradient / gradient.abs().mean()
    assert judge.apart(clean, less) < apart


def test_against_their_common_direction_every_judge_sees_less(pair):
    clean, other = pair
    less = other - 0.001 * more_visible(clean, other, 0, 0)
    for judge in JUDGES:
        assert judge.apart(clean, less) < judge.apart(clean, other), judge.apart.__name__


def test_an_unchanged_picture_has_a_finite_direction(pair):
    clean, _ = pair
    assert more_visible(clean, clean.clone(), 0, 0).isfinite().all()
    black = torch.zeros(3, 64, 64)
    assert more_visible(black, black + 1 / 255, 0, 0).isfinite().all()


def test_a_judge_weighs_as_much_as_it_says(pair, monkeypatch):
    clean, other = pair
    for judge in JUDGES:
        monkeypatch.setattr(eye, "JUDGES", (judge,))
        alone = more_visible(clean, other, 0, 0)
        assert alone.abs().mean().item() == pytest.approx(judge.weight, rel=1e-3)


@pytest.mark.parametrize(("at", "rows"), [(0.0, slice(0, 32)), (1.0, slice(128, 160))])
def test_of_a_large_picture_a_costly_judge_sees_a_crop(at, rows, pair, monkeypatch):
    features = replace(JUDGES[-1], largest=32)
    monkeypatch.setattr(eye, "JUDGES", (features,))
    found = more_visible(*pair, at, at)
    inside = found[:, rows, rows]
    assert inside.any() and found.abs().sum().item() == pytest.approx(inside.abs().sum().item())


@pytest.mark.parametrize("size", [(8, 8), (8, 40), (20, 17), (33, 31)])
def test_small_pictures_are_seen_by_those_that_can(size, draw):
    clean = torch.rand(3, *size, generator=draw)
    found = more_visible(clean, (clean + 0.02).clamp(0, 1), 0.5, 0.5)
    assert found.shape == clean.shape and found.isfinite().all() and found.any()


def test_without_packages_the_others_look_on(pair, monkeypatch):
    monkeypatch.setattr(eye, "unfit", lambda: message("judge.unfit", torch="2", details=""))
    assert more_visible(*pair, 0, 0).any()


def test_edges_are_compared_where_people_look(draw):
    """At a shorter side of 256 pixels: an edge counts as much in a copy of twice the size."""
    coarse = torch.rand(1, 3, 24, 24, generator=draw)
    clean = torch.nn.functional.interpolate(coarse, (256, 256), mode="bicubic")[0].clamp(0, 1)
    other = (clean + 0.03 * torch.randn(3, 256, 256, generator=draw)).clamp(0, 1)
    twice = [rgb.repeat_interleave(2, 1).repeat_interleave(2, 2) for rgb in (clean, other)]
    assert edge_distance(clean, clean).item() == pytest.approx(0, abs=1e-6)
    assert edge_distance(*twice).item() == pytest.approx(edge_distance(clean, other).item())
    assert edge_distance(clean, (clean + 0.05).clamp(0, 1)) < edge_distance(clean, other)


def test_softening_hides_fine_hues_more_than_fine_brightness(draw):
    clean = torch.full((3, 96, 96), 0.5)
    checks = ((torch.arange(96)[:, None] + torch.arange(96)) % 4 < 2).float() - 0.5
    light = clean + 0.05 * checks
    hue = clean + 0.05 * checks * torch.tensor([1.0, -0.5, 0.0])[:, None, None]
    flat = clean + 0.05 * torch.tensor([1.0, -0.5, 0.0])[:, None, None]
    assert softened_distance(clean, hue) < 0.5 * softened_distance(clean, light)
    assert softened_distance(clean, hue) < 0.1 * softened_distance(clean, flat)


def test_the_eye_looks_in_half_of_the_steps_and_at_every_face_of_a_few():
    assert not eye_looks(0), "nothing has changed yet"
    for faces in (1, 2, 3, 4, 5, 6):
        for first in range(faces):
            looks = [eye_looks(step) for step in range(first, 40, faces)]
            assert 0.25 < sum(looks) / len(looks) < 0.75


def test_levels_are_stricter_for_higher_scores():
    for above, below in pairwise(LEVELS):
        assert above.ssimulacra2 > below.ssimulacra2
        assert above.haarpsi > below.haarpsi
        assert above.lpips < below.lpips
        assert above.colour < below.colour
        assert above.mdsi < below.mdsi


@pytest.mark.parametrize("score", [100, 85, 77, 70, 60, 55, 30])
def test_points_turn_limits_back(score):
    limits = limits_at(Score(score))
    for judge in ("haarpsi", "lpips", "colour", "mdsi"):
        assert points(judge, getattr(limits, judge)) == pytest.approx(score)


def test_points_are_the_fewest_that_a_judge_gives(pair):
    clean, other = pair
    found = strictest([(clean, other)])
    assert found <= points("haarpsi", haarpsi(clean, other).item()) + 1e-3
    assert found <= points("lpips", lpips_distance()(clean, other).item()) + 1e-3
    assert strictest([(clean, clean)]) > 99
    assert points("haarpsi", 1 + 1e-7) == points("lpips", -1e-9) == 100, "rounding of the same"
    assert points("haarpsi", 0.1) == points("colour", 90.0) == 0
    assert strictest([(clean[:, :8, :8], other[:, :8, :8])]) == 100, "too small for them"


def test_a_judge_that_no_step_asks_has_a_limit_too(pair):
    clean, other = pair
    assert points_held_out([(clean, other)]) == points("mdsi", mdsi(clean, other))
    assert points_held_out([(clean, clean)]) > 99
    assert points_held_out([(clean[:, :40], other[:, :40])]) == 100, "too small for it"


def test_of_large_pictures_that_judge_sees_parts(pair):
    small = tuple(one[:, :128, :128].repeat(1, 4, 4) for one in pair)
    large = tuple(one.repeat(1, 4, 4) for one in small)
    found = points_held_out([small])
    assert found == points("mdsi", mdsi(*small) / MEANS), "means of 2 x 2 pixels"
    assert points_held_out([large]) == pytest.approx(found, abs=0.5)
    assert points("mdsi", mdsi(*large) / MEANS) > found + 3, "of all it sees means of 8 x 8"


@pytest.mark.parametrize("size", [(40, 90), (64, 64), (65, 200)])
def test_parts_cover_a_picture_once_and_the_whole_decides_their_size(size, draw, monkeypatch):
    judge = replace(JUDGES[1], largest=64)
    seen = torch.zeros(3, *size)
    for place in parts(judge, size, (0, 0)):
        seen[place] += 1
        assert all(span.stop - span.start <= 64 for span in place[1:])
    assert (seen == 1).all()
    clean = torch.rand(3, *size, generator=draw)
    other = (clean + 0.02 * torch.randn(clean.shape, generator=draw)).clamp(0, 1)
    monkeypatch.setattr(eye, "JUDGES", (judge,))
    for reduced, weight in ((False, judge.weight), (True, judge.reduced)):
        found = more_visible(clean, other, 0, 0, reduced=reduced)
        assert found.abs().mean().item() == pytest.approx(weight)


def test_a_judge_that_fails_is_not_left_out_in_silence(pair, monkeypatch):
    clean, other = pair
    failing = replace(JUDGES[0], apart=lambda clean, other: (other - other.mean()).sum() / 0)
    monkeypatch.setattr(eye, "JUDGES", (*JUDGES, failing))
    assert not more_visible(clean, other, 0, 0).isfinite().all(), "so that the step stops"
