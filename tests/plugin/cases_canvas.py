"""Layers read and shrunk: depths, profiles, selections, refusals."""

import struct

import krita
import pytest
from bench import (
    LINEAR,
    H,
    M,
    W,
    app,
    fresh_krita,
    grey,
    opened,
    painting,
    pattern,
    pixels_of,
    works,
)
from glassine_krita.canvas import libkis, small_pictures
from glassine_krita.canvas.pictures import take_flattened, take_picture
from glassine_krita.canvas.places import Place
from glassine_krita.canvas.refusals import Refused
from glassine_krita.canvas.spaces import SCREEN, Space

__all__ = ["app", "fresh_krita", "painting", "works"]


def test_shrinking_keeps_small_pictures_to_the_bit(fresh_krita, painting):
    doc, node = painting
    picture, _ = take_picture(doc, "layer")
    small = [one for one in small_pictures.shrink_by_strips(picture) if one][-1]
    assert small.pixels == pixels_of(node) and (small.width, small.height) == (W, H)


def test_shrinking_goes_by_strips_and_keeps_the_colours(fresh_krita, monkeypatch):
    monkeypatch.setattr(small_pictures, "STRIP", 64)
    flat = bytes((10, 200, 30, 255)) * (40 * 20)
    doc, _node = opened(fresh_krita, flat, width=40, height=20)
    picture, _ = take_picture(doc, "layer")
    steps = list(small_pictures.shrink_by_strips(picture, longest=10))
    small = steps[-1]
    assert len(steps) > 10 and (small.width, small.height) == (10, 5)
    assert set(zip(*[iter(small.pixels)] * 4, strict=True)) == {(10, 200, 30, 255)}


def test_sixteen_bits_shrink_in_the_right_order(fresh_krita):
    blue = (b"\xff\xff" + b"\0\0" + b"\0\0" + b"\xff\xff") * (W * H)
    doc, _node = opened(fresh_krita, blue, "U16")
    picture, _ = take_picture(doc, "layer", wanted=SCREEN)
    small = [one for one in small_pictures.shrink_by_strips(picture) if one][-1]
    assert small.pixels[:4] == bytes((255, 0, 0, 255)), "B, G, R, A"


def test_dark_tones_of_a_linear_document_do_not_band(fresh_krita):
    doc, node = grey(fresh_krita, "U16", 0)
    ramp = [round(M * (i / W / 12.92 / 8)) for i in range(W)]
    node.setPixelData(b"".join(struct.pack("<4H", v, v, v, M) for v in ramp) * H, 0, 0, W, H)
    picture, _ = take_picture(doc, "layer", wanted=SCREEN)
    small = [one for one in small_pictures.shrink_by_strips(picture) if one][-1]
    assert len(set(small.pixels[: 4 * W : 4])) == W, "eight linear bits have four of these"


def half_over_black(fresh_krita):
    """Half-transparent white over black in a group, in linear light: 0.5, which is sRGB 188."""
    doc, node = grey(fresh_krita, "U16", 0)
    group = krita.Node(doc, "group", "grouplayer")
    doc.rootNode().addChildNode(group, None)
    black, white = doc.createNode("black", "paintlayer"), doc.createNode("white", "paintlayer")
    for made, alpha, value in ((black, M, 0), (white, M // 2, M)):
        made.setPixelData(struct.pack("<4H", value, value, value, alpha) * (W * H), 0, 0, W, H)
        group.addChildNode(made, None)
    doc.setActiveNode(group)
    node.setVisible(False)
    doc.setModified(False)
    return doc


def test_pixels_are_converted_after_they_were_blended(fresh_krita):
    doc = half_over_black(fresh_krita)
    word = struct.unpack_from("<H", b"".join(take_flattened(doc).parts()))[0]
    assert abs(word / 257 - 188) < 1, "an export looks as the canvas does"
    for scope in ("layer", "picture"):
        picture, _ = take_picture(doc, scope, wanted=SCREEN)
        assert abs(next(picture.parts())[0] - 188) <= 1, scope
    assert doc._space[2] == LINEAR and not doc.modified()


def test_only_srgb_itself_is_taken_for_srgb(fresh_krita):
    srgb = Space("RGBA", "U8", krita.SRGB)
    assert srgb.same(Space("RGBA", "U8", "sRGB-elle-V4-srgbtrc.icc"))
    for profile in ("ClayRGB-elle-V4-srgbtrc.icc", LINEAR, ""):
        assert not srgb.same(Space("RGBA", "U8", profile)), profile
    doc, _node = opened(fresh_krita, pattern())
    doc._space = ("RGBA", "U8", "ClayRGB-elle-V4-srgbtrc.icc")
    asked = []
    old = krita.Node.setColorSpace
    krita.Node.setColorSpace = lambda *words: (asked.append(words[1:]), old(*words))
    try:
        next(take_flattened(doc).parts())
    finally:
        krita.Node.setColorSpace = old
    assert ("RGBA", "U8", krita.SRGB) in asked


def test_what_is_converted_is_still_sent_in_small_parts(fresh_krita, monkeypatch):
    doc, _node = opened(fresh_krita, bytes(5 * W * H), model="CMYKA")
    monkeypatch.setattr("glassine_krita.canvas.layers.PART", 4 * W)
    parts = list(take_flattened(doc).parts())
    assert len(parts) == H and {len(part) for part in parts} == {4 * W}


def test_a_layer_that_its_clone_lacks_is_refused(fresh_krita, monkeypatch):
    doc, _node = opened(fresh_krita, pattern())
    monkeypatch.setattr(krita.Node, "copied", lambda self, doc: krita.Node(doc, "root", "group"))
    with pytest.raises(Refused, match="unreadable"):
        take_picture(doc, "layer")


def test_places_cut_each_other():
    assert Place(0, 0, 10, 10) & Place(5, 6, 10, 10) == Place(5, 6, 5, 4)
    assert (Place(0, 0, 4, 4) & Place(9, 9, 2, 2)).empty


@pytest.mark.parametrize("kind", ["Krita", "Document", "Node", "Selection", "View", "Window"])
def test_the_fake_krita_has_what_the_plugin_s_types_promise(kind):
    typed = getattr(libkis, "Application" if kind == "Krita" else kind)
    promised = {name for name in dir(typed) if not name.startswith("_")}
    assert promised and not promised - set(dir(getattr(krita, kind)))
