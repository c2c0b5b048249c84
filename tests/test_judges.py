"""Judges from packages: the same figures as before, steps through them, small pictures."""

import pytest
import torch
from glassine.visibility import lpips
from glassine.visibility.lpips import lpips_distance


def waves(size):
    """A smooth colourful picture, (3, size, size)."""
    y, x = torch.meshgrid(torch.arange(size) / size, torch.arange(size) / size, indexing="ij")
    return torch.stack(
        [((a * x + b * y) * 9).sin() / 3 + 0.5 for a, b in ((1, 2), (3, 1), (2, -1))]
    )


def rings(size):
    """Fine rings around the upper left corner: all that waves are not."""
    y, x = torch.meshgrid(torch.arange(size) / size, torch.arange(size) / size, indexing="ij")
    return torch.stack([((x**2 + y**2) * pace).sin() / 2 + 0.5 for pace in (90, 120, 150)])


PAIRS = {
    "mirrored": (waves(91), waves(91).flip(2), 0.271296),
    "smallest": (waves(32), 1 - waves(32), 0.214363),
    "grey": (rings(128), rings(128).mean(0, keepdim=True).expand(3, -1, -1), 0.214505),
    "moved": (rings(128), rings(128).roll(1, 2), 0.037677),
    "darker": (rings(160), rings(160) * 0.9, 0.000879),
}
"""Two pictures, and the LPIPS that the implementation of our own gave with the trunk in float32."""


@pytest.mark.parametrize("name", PAIRS)
def test_lpips_is_what_it_was_to_four_digits(name):
    clean, other, expected = PAIRS[name]
    assert lpips(clean, other) == pytest.approx(expected, rel=5e-4)
    assert lpips(clean, clean) == 0


def test_lpips_can_be_stepped_along():
    distance = lpips_distance()
    other = waves(64).flip(2).requires_grad_(True)
    before = distance(waves(64), other)
    (slope,) = torch.autograd.grad(before, other)
    after = distance(waves(64), other - 0.01 * slope / slope.norm())
    assert before.shape == () and slope.shape == other.shape and slope.isfinite().all()
    assert after < before


def test_loading_a_judge_draws_nothing_from_the_common_chance():
    """Its trunk is drawn before it is loaded; whoever else draws must not notice."""
    from glassine.visibility.lpips import lpips_net

    lpips_net.cache_clear()
    state = torch.random.get_rng_state()
    lpips(waves(32), rings(32))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_picture_that_is_too_small_has_no_lpips():
    assert lpips(waves(31), rings(31)) is None


def test_without_a_torchvision_that_fits_there_is_no_lpips(misfit):
    assert lpips_distance() is None and lpips(waves(64), rings(64)) is None
