"""The judges in the loop: their limits, their gradient, and what `settle` makes of them."""

from itertools import pairwise

import pytest
import torch
from glassine.pixels.grid import on_grid
from glassine.units import Score
from glassine.visibility import colour_shift, ssimulacra2
from glassine.visibility.eye import EARLY, eye_at
from glassine.visibility.haarpsi import haarpsi
from glassine.visibility.limits import LEVELS, limits_at, points, strictest
from glassine.visibility.lpips import lpips_distance
from glassine.visibility.ssimulacra2 import curve, error, error_at, scales


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


@pytest.mark.parametrize("score", [95, 85, 70, 55, 20])
def test_an_error_belongs_to_every_score(score):
    assert curve(error_at(Score(score))) == pytest.approx(score, abs=1e-6)


def test_its_gradient_points_to_what_is_seen_more(pair):
    clean, other = pair
    other.requires_grad_(True)
    eye = eye_at(Score(70))
    beyond = eye.beyond(clean, other)
    (gradient,) = torch.autograd.grad(beyond, other)
    assert gradient.isfinite().all() and gradient.any()
    less = (other - 0.5 / 255 * gradient.sign()).detach()
    assert eye.beyond(clean, less) < beyond


def test_an_unchanged_picture_is_within_every_limit_and_has_a_finite_slope(pair):
    clean, _ = pair
    same = clean.clone().requires_grad_(True)
    beyond = eye_at(Score(70)).beyond(clean, same)
    assert beyond.item() == pytest.approx(-1, abs=0.01)
    assert torch.autograd.grad(beyond, same)[0].isfinite().all()


def test_the_strictest_judge_decides(pair):
    clean, other = pair
    eye = eye_at(Score(70))
    shares = (
        error(tuple(scales(clean)), other).item() / eye.error,
        (1 - haarpsi(clean, other).item()) / (1 - eye.limits.haarpsi),
        lpips_distance()(clean, other).item() / (EARLY * eye.limits.lpips),
        colour_shift(clean, other) / eye.limits.colour,
    )
    assert eye.beyond(clean, other).item() == pytest.approx(max(shares) - 1, abs=1e-4)


def test_levels_are_stricter_for_higher_scores():
    for above, below in pairwise(LEVELS):
        assert above.ssimulacra2 > below.ssimulacra2
        assert above.haarpsi > below.haarpsi
        assert above.lpips < below.lpips
        assert above.colour < below.colour


@pytest.mark.parametrize("score", [100, 85, 77, 70, 60, 55, 30])
def test_points_turn_limits_back(score):
    limits = limits_at(Score(score))
    for judge in ("haarpsi", "lpips", "colour"):
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
