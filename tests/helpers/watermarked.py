"""What a platform makes of a picture, and a marker, for the tests of the watermark."""

import pytest
import pyvips
from glassine.flow.mark import mark
from glassine.pixels.grid import to_array
from glassine.types import Claim

NUMBER = 0x9C3A_51E7


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
