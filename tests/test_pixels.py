"""What every room takes for the same: white below transparency, sRGB's curve, a file's grid."""

import numpy as np
import pytest
import pyvips
import torch
from glassine.ledger import fingerprint
from glassine.pixels.flatten import laid_on_white, on_white
from glassine.pixels.grid import on_grid, to_array, to_tensor
from glassine.pixels.resize import open_picture
from glassine.pixels.srgb import to_linear, to_srgb
from kornia.color import rgb_to_linear_rgb

KINDS = {
    "8-bit RGB": ("srgb", np.uint8, 4),
    "16-bit RGB": ("rgb16", np.uint16, 4),
    "8-bit grey": ("b-w", np.uint8, 2),
    "16-bit grey": ("grey16", np.uint16, 2),
}


@pytest.fixture(params=KINDS)
def painting(request):
    """Noise under a ramp of alpha, from nothing to solid."""
    kind, dtype, bands = KINDS[request.param]
    draw, top = np.random.default_rng(5), np.iinfo(dtype).max
    pixels = draw.integers(0, top, (40, 52, bands), dtype, endpoint=True)
    pixels[..., -1] = np.linspace(0, top, 52).astype(dtype)
    return pyvips.Image.new_from_array(pixels, interpretation=kind)


def test_transparency_is_laid_on_white_in_one_way(painting, tmp_path):
    """Tensors, a picture that libvips holds, an anchor, and what the ledger looks at."""
    flat = laid_on_white(painting).numpy()
    assert (flat[:, 0] == 255).all(), "nothing there is white"
    eight = painting.colourspace("srgb").numpy()
    exact = on_white(to_tensor(eight[..., :3]), to_tensor(eight[..., 3:]))
    assert np.abs(flat.astype(int) - to_array(exact, 8)).max() <= 1
    painting.pngsave(str(tmp_path / "a.png"))
    assert np.array_equal(to_array(open_picture(tmp_path / "a.png"), 8), flat)
    seen = fingerprint.open_small((tmp_path / "a.png").read_bytes(), 52, exact=False)
    assert np.abs(seen.astype(int) - flat).max() <= 1


def test_it_does_not_matter_whether_white_or_the_colours_come_first(painting):
    """The ledger laid on white first: hashes that it holds must stay what they are."""
    small = pyvips.Image.thumbnail_buffer(painting.pngsave_buffer(), 30).copy_memory()
    before = small.flatten(background=255).colourspace("srgb").cast("uchar")
    assert np.array_equal(laid_on_white(small).numpy(), before.numpy())


def test_a_picture_without_transparency_stays_as_it_is(scene):
    pixels = to_array(scene, 8)
    assert np.array_equal(laid_on_white(pyvips.Image.new_from_array(pixels)).numpy(), pixels)


def test_libraries_decode_srgb_as_we_do():
    """A differentiable JPEG takes kornia's curve, files in floating point come through libvips'."""
    levels = torch.arange(256) / 255
    ours = to_linear(levels)
    grey = levels.view(1, 1, 256).expand(3, -1, -1)
    assert torch.allclose(rgb_to_linear_rgb(grey[None])[0, 0, 0], ours, atol=1e-6)
    image = pyvips.Image.new_from_array(to_array(grey, 8), interpretation="srgb")
    light = torch.from_numpy(image.colourspace("scrgb").numpy()[0, :, 0].copy())
    assert torch.allclose(light, ours, atol=1e-4)
    assert torch.allclose(to_srgb(ours), levels, atol=1e-6)


@pytest.mark.parametrize("depth", [8, 16])
def test_the_grid_is_what_a_file_gives_back_beyond_black_and_white_too(depth):
    beyond = torch.linspace(-0.2, 1.2, 999).view(3, 3, 111)
    stored, held = to_tensor(to_array(beyond, depth)), on_grid(beyond, depth)
    assert torch.equal(held, stored), f"pixels.on_grid: {held.min():.3f} to {held.max():.3f}"
