"""How often the watermark is heard after what platforms do, and how seldom where it is not.

Rates are counted over five paintings, five photos and five flat pictures: the first half of those
that `lab/bench/watermark` counts. Photos are those of the Debian package mate-backgrounds, or of a
folder named in GLASSINE_PHOTOS.
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
COUNT = 5


def small_photos():
    """Large enough that platforms do halve them: a half below 256 px is not what they post."""
    for place in filter(None, PHOTOS):
        files = sorted(Path(place).glob("*.jpg"))[:COUNT]
        if len(files) == COUNT:
            return [to_tensor(fingerprint.open_small(file, 1024)) for file in files]
    pytest.skip(f"no {COUNT} photos in {PHOTOS[0]} or GLASSINE_PHOTOS")


HEARD = {"paintings": 5, "photos": 5, "flat pictures": 3}
"""Of COUNT, after cropping, halving and JPEG; of ten: 10, 10 and 8 (lab/bench/results)."""


@pytest.fixture(params=HEARD)
def pictures(request):
    if request.param == "paintings":
        files = request.getfixturevalue("paintings")[:COUNT]
        return [read(file).rgb for file in files]
    return small_photos() if request.param == "photos" else [discs(seed) for seed in range(COUNT)]


@pytest.mark.slow
def test_it_is_heard_after_cropping_halving_and_jpeg(marked, pictures, request):
    heard = 0
    for picture in pictures:
        done = marked(picture)
        chance = watermark.chance_of(watermark.hear(platform(done.rgb)), NUMBER)
        heard += chance < 1e-5
        told = any("watermark can hardly" in note for note in map(str, done.notes))
        assert (done.rgb - picture).abs().max() <= 3.01 / 255, "more than three levels"
        assert chance < 1e-3 or told, "it cannot be heard and nobody was told"
    assert heard >= HEARD[request.node.callspec.params["pictures"]]


@pytest.mark.slow
def test_a_thousand_keys_are_not_heard_in_unmarked_pictures(pictures):
    draw = np.random.default_rng(3)
    keys = [int(key) for key in draw.integers(0, 2**32, 1000)]
    chances = np.array([])
    for picture in pictures:
        heard = rivagan.heard(rivagan.to_frame(picture)).numpy()
        chances = np.append(chances, [watermark.chance_of(heard, key) for key in keys])
        best = watermark.best((heard,), keys)
        assert best.chance > watermark.CLEAR, "one unmarked picture was taken for a marked one"
    assert 0.04 < (chances < 0.05).mean() < 0.06, "the chance must be what it says"
    assert (chances < watermark.CLEAR).sum() <= 20  # 5 of 5,000 are expected
