"""What costs time is done once for a picture: reading, coding, asking whether it can be written."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from glassine import marks
from glassine.flow.deliver import deliver
from glassine.formats import FORMATS
from glassine.registry import Registry
from glassine.service.methods import METHODS
from glassine.service.state import State
from glassine.types import Export, Intent, quiet

pytestmark = pytest.mark.usefixtures("one_viewer")

BEGINS = {"png": b"\x89PNG", "jpeg": b"\xff\xd8"}


@pytest.fixture
def counted(monkeypatch):
    """Name -> how often it was done, codings by format; what is done stays what it is."""
    counts = {"read": 0, "coded": Counter(), "asked": 0}
    contents, entry_of = Path.read_bytes, Registry.__getitem__

    def count(name, do):
        def counting(*given, **named):
            counts[name] += 1
            return do(*given, **named)

        return counting

    def read_bytes(path):
        counts["read"] += path.name == "teal.png"
        return contents(path)

    def entry(registry, name):
        """The picture is coded with what it keeps; the page's pictures and looks keep nothing."""
        found = entry_of(registry, name)
        if registry is FORMATS and found.write:

            def write(rgb, alpha, keep, quality):
                counts["coded"][name] += keep.ppi is not None
                return found.write(rgb, alpha, keep, quality)

            return replace(found, write=write)
        if registry is marks.MARKS and found.check:
            return replace(found, check=count("asked", found.check))
        return found

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    monkeypatch.setattr(Registry, "__getitem__", entry)
    return counts


@pytest.mark.parametrize("format_", ("png", "jpeg"))
def test_a_picture_is_read_once_coded_once_and_asked_about_once(painting, counted, format_):
    """Coded twice in all: the original too, so that the page can say by how much the file grew."""
    target = painting.with_name(f"copy.{format_}")
    wish = Export(format=format_, marks=("c2pa", "receipt"))
    intent = Intent(
        style="texture", effort="preview", seed=3, surrogates=("embedded",), export=wish
    )
    done = deliver(painting, target, intent, device="cpu").done
    assert counted["read"] == 1
    assert counted["coded"][format_] == 2
    assert max(counted["coded"].values()) == 2, "other formats are tried once, to be told of"
    assert counted["asked"] == 2, "each of the two marks once"
    assert target.read_bytes() == done.data and done.data.startswith(BEGINS[format_])


@pytest.mark.parametrize("format_", ("png", "jpeg", "webp", "tiff", "avif"))
def test_what_only_the_encoder_can_write_is_in_the_file_that_is_measured(
    painting, counted, format_
):
    target = painting.with_name(f"copy.{format_}")
    intent = Intent(
        style="texture",
        effort="preview",
        seed=3,
        surrogates=("embedded",),
        export=Export(format=format_, marks=("xmp",)),
    )
    deliver(painting, target, intent, device="cpu")
    assert counted["coded"][format_] == 2
    assert marks.MARKS["xmp"].read(target.read_bytes(), "")


def test_a_picture_from_krita_is_coded_once_too(monkeypatch, scene):
    coded = []
    entry_of = Registry.__getitem__

    def entry(registry, name):
        found = entry_of(registry, name)
        if registry is not FORMATS or name != "png":
            return found
        return replace(found, write=lambda *given: coded.append(given[0]) or found.write(*given))

    monkeypatch.setattr(Registry, "__getitem__", entry)
    numbers = (scene.permute(1, 2, 0).numpy() * 100 + 100).astype(np.uint8)
    pixels = np.dstack([numbers, np.full(numbers.shape[:2], 2**8 - 1, np.uint8)])
    height, width = pixels.shape[:2]
    about = {"width": width, "height": height, "order": "BGRA", "type": "u8"}
    wish = {"style": "texture", "effort": "preview", "surrogates": ["embedded"], "seed": 1}
    ask = {"pixels": about, "intent": wish}
    answer = METHODS["export"](ask, {"pixels": bytearray(pixels.tobytes())}, quiet, State())
    assert len(coded) == 2 and answer.blobs["file"].startswith(b"\x89PNG")
