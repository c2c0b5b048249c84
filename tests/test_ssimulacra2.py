"""The torch twin of SSIMULACRA2 agrees with the package, and with itself in strips."""

import importlib
import math
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from glassine.pixels.grid import to_array
from glassine.visibility import colour_shift, sampled, scales, ssimulacra2

measure = importlib.import_module("glassine.visibility.measure")
cost = importlib.import_module("glassine.evidence.cost")
MODULE = sys.modules["glassine.visibility.ssimulacra2"]


def picture(height, width, seed=0):
    """Smooth shapes with some texture: what a painting is to a metric."""
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 9, 9, generator=draw)
    smooth = F.interpolate(coarse, size=(height, width), mode="bicubic")[0]
    return (smooth + 0.05 * torch.randn(3, height, width, generator=draw)).clamp(0, 1)


def disturbed(rgb, amount, seed=1):
    draw = torch.Generator().manual_seed(seed)
    noise = amount * torch.randn(rgb.shape, generator=draw)
    return ((rgb + noise).clamp(0, 1) * 255).round() / 255


@pytest.mark.parametrize("size", [(256, 256), (301, 407)])
@pytest.mark.parametrize("amount", [0.01, 0.04])
def test_agrees_with_the_package(size, amount, tmp_path):
    yardstick = pytest.importorskip("ssimulacra2").compute_ssimulacra2
    image = pytest.importorskip("PIL.Image")
    clean = disturbed(picture(*size), 0)
    other = disturbed(clean, amount)
    for name, rgb in (("a", clean), ("b", other)):
        image.fromarray(np.asarray(to_array(rgb, 8))).save(tmp_path / f"{name}.png")
    expected = yardstick(str(tmp_path / "a.png"), str(tmp_path / "b.png"))
    assert ssimulacra2(clean, other) == pytest.approx(expected, abs=0.1)


def test_equal_pictures_score_a_hundred_and_worse_ones_less():
    clean = picture(64, 64)
    scores = [ssimulacra2(clean, disturbed(clean, amount)) for amount in (0.01, 0.03, 0.1)]
    assert ssimulacra2(clean, clean) == 100
    assert 100 > scores[0] > scores[1] > scores[2]


@pytest.mark.parametrize("size", [(8, 8), (8, 40), (37, 11), (64, 50)])
def test_its_blur_is_a_gaussian_with_that_very_gradient(size):
    """Beside scipy's, whose edges it has: mirrored above and below, zeros left and right."""
    ndimage = pytest.importorskip("scipy.ndimage")
    draw = torch.Generator().manual_seed(4)
    rgb = torch.rand(1, 3, *size, generator=draw, dtype=torch.float64)
    down = ndimage.gaussian_filter1d(rgb.numpy(), 1.5, axis=2, mode="reflect", radius=5)
    both = ndimage.gaussian_filter1d(down, 1.5, axis=3, mode="constant", radius=5)
    assert torch.allclose(MODULE.blur(rgb), torch.from_numpy(both), atol=1e-12)
    small = rgb[:, :1].clone().requires_grad_(True)
    assert torch.autograd.gradcheck(MODULE.blur, small, fast_mode=True)


@pytest.mark.parametrize(("height", "pixels"), [(611, 843 * 100), (611, 1), (21, 60 * 20)])
def test_strips_give_what_the_whole_gives(monkeypatch, height, pixels):
    """Strips of 100 rows, of two, and one of a single row at the end."""
    width = 843 if height > 100 else 60
    clean = picture(height, width)
    other = disturbed(clean, 0.03)
    whole = ssimulacra2(clean, other)
    monkeypatch.setattr(MODULE, "_STRIP", pixels)
    assert len(list(MODULE.strips(height, width))) > 1
    for held in (1 << 20, 0):
        monkeypatch.setattr(MODULE, "_HELD", held)
        assert ssimulacra2(clean, other) == pytest.approx(whole, abs=1e-4)


def test_a_crop_is_judged_like_a_picture():
    clean = picture(96, 128)
    other = disturbed(clean, 0.03)
    kept = tuple(scales(clean))
    for _ in range(2):  # what is kept of the original is as good the second time
        assert sampled([(kept, other)]) == ssimulacra2(clean, other)
    assert sampled([(kept, clean)]) == 100


@pytest.mark.parametrize("side", [1, 15, 40])
def test_smooth_colour_is_told_from_texture(side):
    grey = torch.full((3, side, side), 0.5)
    assert colour_shift(grey, grey) == 0
    lighter = colour_shift(grey, grey + 0.02)
    assert lighter == pytest.approx(1.9, abs=0.1)  # sRGB .50 -> .52 is L* 53.4 -> 55.3
    draw = torch.Generator().manual_seed(1)
    noise = grey + 0.02 * torch.randn(1, side, side, generator=draw).sign()
    assert side == 1 or colour_shift(grey, noise) < 0.2 * lighter


def test_a_cost_taken_in_strips_is_that_of_the_whole(monkeypatch):
    clean = picture(70, 40)
    other = clean.clone()
    other[:, 60, 7] = 1 - other[:, 60, 7]  # in the last strip only
    whole = (other - clean).abs()
    for module in (measure, cost):
        monkeypatch.setattr(module, "STRIP", 32)
    largest, share = cost.changed_pixels(clean, other)
    assert largest == whole.max() and share == pytest.approx(1 / 2800)
    expected = -10 * math.log10(whole.square().double().mean())
    assert measure.psnr(clean, other) == pytest.approx(expected)
