"""Readers of XMP, EXIF, IPTC, PNG texts, TIFF directories, profiles, manifests and .kra, given what
nobody would write.

A short run here; the long one is tests/fuzz.py, and what it finds becomes an example below.
"""

import struct

import hostile
import pytest
from glassine.errors import GlassineError
from glassine.flow import read as flow_read
from glassine.formats.carried import exif, xmp
from glassine.ledger import fingerprint
from glassine.marks import c2pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WIDTH = struct.pack("<HHI", 256, 4, 1)
VAST = hostile.TIFF.replace(WIDTH + struct.pack("<I", 64), WIDTH + struct.pack("<I", 0x7F000040))


def shifted(archive):
    """An archive whose directory says that it stands further behind than it does."""
    at = archive.rfind(b"PK\5\6") + 16
    place = struct.unpack_from("<I", archive, at)[0] + 1000
    return archive[:at] + struct.pack("<I", place) + archive[at + 4 :]


FOUND = {
    "xmp": [b"\xff\xfe\0\0" + b"<\0\0\0", b"<r:RDF xmlns:r='%s'/>" % xmp.RDF.encode()],
    "exif": [
        b"II*\0\x08\0\0\0\xff\xff" + bytes(20),
        b"II+\0\x08\0\0\0" + b"\xff" * 8 + bytes(20),
    ],
    "iptc": [b"8BIM\x04\x04\0\0\xff\xff\xff\xff"],
    "kra": [VAST, shifted(hostile.archive(hostile.PNG))],
}
"""What broke a reader once."""
TRIES = {"manifest": 30, "kra": 60}


def mutated(*seeds):
    """Bytes that begin as something valid: with bytes changed, a stretch doubled, the end cut."""

    @st.composite
    def draw(pick):
        data = bytearray(pick(st.sampled_from(seeds)))
        for _ in range(pick(st.integers(0, 12))):
            if not data:
                break
            at = pick(st.integers(0, len(data) - 1))
            data[at] = pick(
                st.sampled_from((0, 1, 0x7F, 0x80, 0xFE, 0xFF, pick(st.integers(0, 255))))
            )
        if pick(st.booleans()):
            start, end = sorted((pick(st.integers(0, len(data))), pick(st.integers(0, len(data)))))
            data[start:start] = data[start:end][:2000]
        return bytes(data[: pick(st.integers(0, len(data)))] if pick(st.booleans()) else data)

    return draw() | st.binary(max_size=400)


@pytest.mark.parametrize("name", hostile.READERS)
def test_a_reader_answers_or_refuses(name):
    reader, seeds = hostile.READERS[name]

    @settings(
        max_examples=TRIES.get(name, 120),
        suppress_health_check=list(HealthCheck),
        deadline=None,
        derandomize=True,
        database=None,
    )
    @given(mutated(*seeds()))
    def run(data):
        reader(data)

    run()


@pytest.mark.parametrize("name", FOUND)
def test_what_broke_a_reader_once_does_not_again(name):
    for data in FOUND[name]:
        hostile.READERS[name][0](data)


@pytest.mark.parametrize("look", (flow_read.read, fingerprint.open_small))
def test_a_shifted_archive_is_refused_in_words_by_all_who_open_it(look):
    with pytest.raises(GlassineError, match="cut off"):
        look(shifted(hostile.archive(hostile.PNG)))


ODD = (
    None,
    7,
    "x",
    [1, None],
    {"entries": {"cawg.ai_training": 3}},
    {"actions": 5},
    {"a": [[[[]]]]},
)


@pytest.mark.parametrize("odd", ODD)
def test_a_manifest_of_any_shape_is_told_of(odd):
    """What stands in an assertion is whatever a stranger signed."""
    rows = [{"label": "cawg.training-mining", "data": odd}, {"label": "c2pa.actions", "data": odd}]
    for manifest in (odd, {"assertions": odd}, {"assertions": rows, "claim_generator_info": odd}):
        told = {"manifests": {"a": manifest}, "active_manifest": "a", "validation_results": odd}
        assert str(c2pa._found(told).says)


def test_many_values_of_the_same_bytes_are_not_copied_without_end():
    """A thousand tags, each as long as the file: 20 GB where each had a copy of its own."""
    size = 20 << 20
    entries = b"".join(struct.pack("<HHII", tag, 7, size, 0) for tag in range(1000))
    data = struct.pack("<2sHIH", b"II", 42, 8, 1000) + entries
    block = exif.parsed(data + bytes(size))
    assert block.damaged and sum(len(value.data) for value in block.main.values()) <= 64 << 20
