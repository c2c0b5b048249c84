"""Frames: what is packed comes out, whatever the chunks; strangers are noticed."""

from pathlib import Path

import pytest
from glassine.service.frames import BLOB_LIMIT, HEAD, TEXT_LIMIT, NotAFrame, Unpacker, pack
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[1]
bodies = st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8), max_size=4)


@given(st.lists(st.tuples(bodies, st.binary(max_size=200)), max_size=5), st.integers(1, 64))
def test_any_chunks_give_the_same_messages(messages, step):
    stream = b"".join(pack(body, blob) for body, blob in messages)
    unpacker, found = Unpacker(), []
    for start in range(0, len(stream), step):
        found += unpacker.feed(stream[start : start + step])
    assert found == messages


@pytest.mark.parametrize(
    "junk",
    [
        b"Loading weights: 100%|####| 12/12\n",
        HEAD.pack(TEXT_LIMIT + 1, 0),
        HEAD.pack(2, BLOB_LIMIT + 1),
        HEAD.pack(3, 0) + b"[1]",
        HEAD.pack(3, 0) + b"{]]",
    ],
)
def test_strangers_are_noticed_at_once(junk):
    unpacker = Unpacker()
    unpacker.feed(pack({"id": 1}))
    with pytest.raises(NotAFrame):
        unpacker.feed(junk)


def test_plugin_and_engine_have_the_same_frames():
    ours = ROOT / "core" / "glassine" / "service" / "frames.py"
    theirs = ROOT / "krita_plugin" / "glassine_krita" / "engine" / "frames.py"
    assert ours.read_bytes() == theirs.read_bytes(), "copy one over the other"


def test_versions_are_the_same():
    import ast
    import tomllib

    text = (ROOT / "krita_plugin" / "glassine_krita" / "__init__.py").read_text("utf-8")
    (plugin,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "VERSION"
    )
    engine = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert plugin == engine
    told = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## ")[1]
    assert told.split(",")[0] == engine, "the newest section of CHANGELOG.md is of this version"
