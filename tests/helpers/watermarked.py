"""Flat pictures, what a platform makes of one, and a marker, for the tests of the watermark."""

import pytest
import pyvips
import torch
from glassine.flow.mark import mark
from glassine.pixels.grid import on_grid, to_array
from glassine.types import Claim

NUMBER = 0x9C3A_51E7


def flat(seed, side=512):
    """Discs of one colour each on one colour, with hard edges: what illustrators draw."""
    draw = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    picture = torch.rand(3, 1, 1, generator=draw).expand(3, side, side).clone() * 0.7 + 0.15
    for _ in range(8):
        at = torch.rand(3, generator=draw) * side
        disc = (x - at[0]) ** 2 + (y - at[1]) ** 2 < (at[2] / 3) ** 2
        picture[:, disc] = torch.rand(3, 1, generator=draw)
    return on_grid(picture, 8)


def platform(picture):
    """A tenth cropped off, half the size, JPEG 75."""
    array = to_array(picture, 8)
    height, width = array.shape[:2]
    image = pyvips.Image.new_from_array(array).copy(interpretation="srgb")
    image = image.crop(width // 20, height // 20, width * 9 // 10, height * 9 // 10)
    return image.resize(0.5).jpegsave_buffer(Q=75)


@pytest.fixture
def marked(finished):
    def make(picture, number=NUMBER, **more):
        claim = Claim(watermark=number)
        return mark(finished(picture, marks=("watermark", "receipt"), claim=claim, **more))

    return make
