"""Judges from packages: the same figures as before, steps through them, small pictures."""

import importlib
import json
import sys

import pytest
import torch
from glassine.machine.put_off import put_off
from glassine.visibility import fsim, haarpsi, haarpsi_figure, lpips, mdsi, vsi
from glassine.visibility.held_out import LARGE, glance
from glassine.visibility.lpips import lpips_distance

HELD_OUT = (fsim, vsi, mdsi)


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


@pytest.mark.parametrize("strip", [1, 5000, 1 << 20])
def test_lpips_layer_by_layer_is_what_the_package_gives(monkeypatch, strip):
    """Strips of one row, of some, and none."""
    module = importlib.import_module("glassine.visibility.lpips")
    net = module.lpips_net(torch.device("cpu"))
    monkeypatch.setattr(module, "_STRIP", strip)
    clean, other = waves(96)[None], rings(96)[None]
    whole = net(clean, other, normalize=True).squeeze()
    assert torch.equal(module.distance(net, clean, other), whole)


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


def test_what_judges_never_call_is_loaded_when_it_is_called(monkeypatch):
    """A real module that nothing here uses, and one that is loaded already."""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with put_off("colorsys", "json"):
        from colorsys import hls_to_rgb
        from json import dumps
    assert "colorsys" not in sys.modules and dumps is json.dumps
    assert hls_to_rgb(0.5, 0.5, s=0.0) == (0.5, 0.5, 0.5)
    assert sys.modules["colorsys"].__file__, "the module itself, from now on"


def test_a_package_that_took_in_a_stand_in_gives_the_module_itself_later(monkeypatch):
    """As torchvision does with its data sets."""
    import email

    monkeypatch.delitem(sys.modules, "email.errors", raising=False)
    monkeypatch.delattr(email, "errors", raising=False)
    with put_off("email.errors"):
        from email import errors as held

        email.errors = held
    from email import errors

    assert errors is not held and errors.MessageError.__mro__[1] is Exception


def test_colours_are_those_of_cielab():
    """kornia's, which takes a tenth of a second to load, and three colours of the standard."""
    from glassine.visibility.colour import rgb_to_lab
    from kornia.color import rgb_to_lab as theirs

    draw = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(rgb_to_lab(draw), theirs(draw), atol=1e-4)
    known = torch.tensor([[1.0, 1, 1], [0, 0, 0], [1, 0, 0]]).T[None, :, :, None]
    lab = torch.tensor([[100.0, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]])
    assert torch.allclose(rgb_to_lab(known)[0, :, :, 0].T, lab, atol=0.1)


def spoilt(clean, amount):
    """Noise of that strength, the same for every strength."""
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(5))
    return (clean + amount * noise).clamp(0, 1)


def test_haarpsi_can_be_stepped_along():
    other = spoilt(waves(64), 0.1).requires_grad_(True)
    before = haarpsi(waves(64), other)
    (slope,) = torch.autograd.grad(before, other)
    assert before.shape == () and slope.shape == other.shape and slope.isfinite().all()
    assert haarpsi(waves(64), other + 0.1 * slope / slope.norm()) > before
    assert before.item() == haarpsi_figure(waves(64), other)


@pytest.mark.parametrize("judge", [fsim, vsi, haarpsi_figure])
def test_likenesses_fall_from_one_the_more_is_changed(judge):
    clean = rings(96)
    found = [judge(clean, spoilt(clean, amount)) for amount in (0.0, 0.02, 0.1, 0.3)]
    assert found[0] == pytest.approx(1, abs=1e-5)
    assert found == sorted(found, reverse=True) and 0 < found[-1] < found[1] < 1


def test_mdsi_rises_from_zero_the_more_is_changed():
    clean = rings(96)
    found = [mdsi(clean, spoilt(clean, amount)) for amount in (0.0, 0.02, 0.1, 0.3)]
    assert found[0] == 0 and found == sorted(found) and found[1] > 0


@pytest.mark.parametrize("judge", HELD_OUT)
def test_a_reduced_copy_of_a_large_picture_is_judged_like_the_picture(judge):
    import piq  # as the judges left it: at the top it would load what they put off

    clean = torch.nn.functional.interpolate(rings(128)[None], (1032, 1280), mode="bicubic")[0]
    clean = clean.clamp(0, 1)
    other = spoilt(clean, 0.05)
    whole = getattr(piq, judge.__name__)(clean[None], other[None]).item()
    assert clean[0].numel() > LARGE and glance(clean).shape == (1, 3, 258, 320)
    assert judge(clean, other) == pytest.approx(whole, abs=5e-3)


def test_of_a_long_strip_the_middle_is_judged():
    strip = torch.arange(1000.0).expand(3, 60, 1000) / 1000
    assert torch.equal(glance(strip)[0], strip[:, :, 440:560])
    assert torch.equal(glance(strip.mT)[0], strip.mT[:, 440:560])


@pytest.mark.parametrize(
    ("judge", "smallest"), [(lpips, 32), (haarpsi_figure, 16), *((judge, 48) for judge in HELD_OUT)]
)
def test_a_picture_that_is_too_small_is_not_judged(judge, smallest):
    assert judge(rings(smallest), spoilt(rings(smallest), 0.1)) is not None
    assert judge(rings(smallest)[:, 1:], spoilt(rings(smallest), 0.1)[:, 1:]) is None


@pytest.mark.parametrize("judge", HELD_OUT)
def test_a_picture_of_one_colour_gives_a_figure_or_none(judge):
    flat = torch.full((3, 64, 64), 0.5)
    assert judge(flat, flat) in (None, 0, 1)


@pytest.mark.parametrize("judge", [lpips, haarpsi_figure, *HELD_OUT])
def test_without_a_torchvision_that_fits_nobody_is_asked(misfit, judge):
    assert judge(waves(64), rings(64)) is None
    assert lpips_distance() is None
