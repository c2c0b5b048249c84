"""How often the watermark is heard after what platforms do, and how seldom where it is not.

Rates are counted over ten paintings, ten photos and ten flat pictures. Photos are those of the
Debian package mate-backgrounds, or of a folder named in GLASSINE_PHOTOS.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from glassine.flow.read import read
from glassine.ledger import fingerprint
from glassine.marks import rivagan, watermark
from glassine.pixels.grid import to_tensor
from watermarked import NUMBER, marked, platform

from lab.bench.pictures import discs

__all__ = ["marked"]
PHOTOS = ("/usr/share/backgrounds/mate/nature", os.environ.get("GLASSINE_PHOTOS", ""))


def small_photos():
    """Large enough that platforms do halve them: a half below 256 px is not what they post."""
    for place in filter(None, PHOTOS):
        files = sorted(Path(place).glob("*.jpg"))[:10]
        if len(files) == 10:
            return [to_tensor(fingerprint.open_small(file, 1024)) for file in files]
    pytest.skip(f"no ten photos in {PHOTOS[0]} or GLASSINE_PHOTOS")


HEARD = {"paintings": 9, "photos": 9, "flat pictures": 7}
"""Of ten, after cropping, halving and JPEG; measured: 10, 10 and 8 (lab/bench/results)."""


@pytest.fixture(params=HEARD)
def ten(request):
    if request.param == "paintings":
        files = request.getfixturevalue("paintings")[:10]
        return [read(file).rgb for file in files]
    return small_photos() if request.param == "photos" else [discs(seed) for seed in range(10)]


@pytest.mark.slow
def test_it_is_heard_after_cropping_halving_and_jpeg(marked, ten, request):
    heard = 0
    for picture in ten:
        done = marked(picture)
        chance = watermark.chance_of(watermark.hear(platform(done.rgb)), NUMBER)
        heard += chance < 1e-5
        told = any("watermark can hardly" in note for note in map(str, done.notes))
        assert (done.rgb - picture).abs().max() <= 3.01 / 255, "more than three levels"
        assert chance < 1e-3 or told, "it cannot be heard and nobody was told"
    assert heard >= HEARD[request.node.callspec.params["ten"]]


@pytest.mark.slow
def test_a_thousand_keys_are_not_heard_in_unmarked_pictures(ten):
    draw = np.random.default_rng(3)
    keys = [int(key) for key in draw.integers(0, 2**32, 1000)]
    chances = np.array([])
    for picture in ten:
        heard = rivagan.heard(rivagan.to_frame(picture)).numpy()
        chances = np.append(chances, [watermark.chance_of(heard, key) for key in keys])
        best = watermark.best((heard,), keys)
        assert best.chance > watermark.CLEAR, "one unmarked picture was taken for a marked one"
    assert 0.04 < (chances < 0.05).mean() < 0.06, "the chance must be what it says"
    assert (chances < watermark.CLEAR).sum() <= 30  # 10 of 10,000 are expected
