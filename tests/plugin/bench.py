"""What the plugin's cases share: a fake Krita, a studio on a scripted engine, and waiting."""

import os
import struct
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / one) for one in ("fakes", "helpers")]
sys.path.insert(0, str(ROOT / "krita_plugin"))

import krita  # noqa: E402
import waiting  # noqa: E402
from glassine_krita.canvas.hidden_originals import HiddenOriginals  # noqa: E402
from glassine_krita.qt import QtCore, QtWidgets  # noqa: E402
from glassine_krita.studio import instance, settings, studio  # noqa: E402
from glassine_krita.words import texts  # noqa: E402

FAKE = ROOT / "tests" / "fakes" / "engine.py"
W, H = 12, 10
M = 65535  # the most that 16 bits hold
LINEAR = "sRGB-elle-V2-g10.icc"


def until(condition):
    """Turns the event loop until the condition is true."""
    waiting.until(condition, turn=QtCore.QCoreApplication.processEvents)


def turned(times=3):
    """Turns the event loop until all that could happen by now has happened."""
    for _ in range(times):
        QtCore.QCoreApplication.processEvents()


@pytest.fixture(scope="session")
def app():
    yield QtWidgets.QApplication.instance() or QtWidgets.QApplication(["test"])


@pytest.fixture
def fresh_krita(app, tmp_path, monkeypatch):
    """A fresh Krita with nothing open."""
    krita.Krita._one = None
    HiddenOriginals.pairs.clear()
    HiddenOriginals.known.clear()
    monkeypatch.setenv("GLASSINE_ENGINE", f"{sys.executable}\x1f{FAKE}")
    monkeypatch.setenv("GLASSINE_LANGUAGE", "en")
    one = krita.Krita.instance()
    one.data = str(tmp_path / "data")
    return one


@pytest.fixture
def speaks(monkeypatch):
    """Sets Krita's language."""

    def to(language):
        monkeypatch.setenv("GLASSINE_LANGUAGE", language)
        texts.language.cache_clear()

    yield to
    texts.language.cache_clear()


@pytest.fixture
def works(fresh_krita):
    """A studio whose scripted engine is ready."""
    made = studio.Studio()
    instance._made[:] = [made]
    made.start_engine()
    until(lambda: made.engine.condition.name == "ready")
    yield made
    made.close()
    instance._made.clear()


@pytest.fixture
def painting(fresh_krita):
    """An open document with one opaque layer of different pixels, and that layer."""
    return opened(fresh_krita, pattern())


def pattern(alpha=255, pixel=4, width=W, height=H):
    size = pixel // 4
    out = bytearray((i * 7 + i // 13) % 251 for i in range(width * height * pixel))
    if alpha is not None:
        for k in range(size):
            out[3 * size + k :: pixel] = bytes([alpha]) * (width * height)
    return bytes(out)


def opened(app, pixels, depth="U8", model="RGBA", width=W, height=H):
    doc = krita.Document(width, height, "piece", (model, depth, krita.SRGB))
    node = doc.createNode("paint", "paintlayer")
    node.setPixelData(pixels, 0, 0, width, height)
    doc.rootNode().addChildNode(node, None)
    doc.setActiveNode(node)
    doc.setModified(False)
    doc.undo.clear()
    return app.open(doc), node


def grey(fresh_krita, depth, value, profile=LINEAR):
    """A linear-light document of one grey."""
    pixel = struct.pack(
        "<4e" if depth == "F16" else "<4H", *[value] * 3, 1 if depth == "F16" else M
    )
    doc, node = opened(fresh_krita, pixel * (W * H), depth)
    node._space = doc._space = doc._root._space = ("RGBA", depth, profile)
    return doc, node


def top(doc):
    return doc.rootNode().childNodes()[-1]


def pixels_of(node, width=W, height=H):
    return bytes(node.pixelData(0, 0, width, height))


__all__ = ["FAKE", "H", "W", "os", "settings"]
