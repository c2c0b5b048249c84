"""What the plugin remembers: per user in kritarc, per document in the .kra file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields, replace
from typing import TypeVar

from ..canvas.layers import app
from ..canvas.libkis import Document
from .choices import Artist, Choice, Exporting

GROUP = "glassine"
ANNOTATION = "glassine/export.json"
Setting = TypeVar("Setting", Choice, Exporting, Artist)


def from_json(kind: type[Setting], text: str) -> Setting:
    """A value from JSON; whatever is unknown or of the wrong type is ignored."""
    try:
        stored = json.loads(text or "{}")
    except ValueError:
        return kind()
    found = kind()
    for f in fields(kind):
        value, default = stored.get(f.name), getattr(found, f.name)
        if isinstance(default, tuple) and isinstance(value, list):
            value = tuple(str(item) for item in value)
        if isinstance(default, float) and isinstance(value, int):
            value = float(value)
        if type(value) is type(default):
            found = replace(found, **{f.name: value})
    return found


def read_setting(kind: type[Setting]) -> Setting:
    return from_json(kind, app().readSetting(GROUP, kind.__name__.lower(), "{}"))


def write_setting(value: Choice | Exporting | Artist) -> None:
    name = type(value).__name__.lower()
    app().writeSetting(GROUP, name, json.dumps(asdict(value)))


def read_text(name: str) -> str:
    """A single text setting."""
    return app().readSetting(GROUP, name, "")


def write_text(name: str, text: str) -> None:
    app().writeSetting(GROUP, name, text)


def read_exporting(doc: Document) -> Exporting:
    """The document's own last export, else the artist's; the folder is always the artist's."""
    own = doc.annotation(ANNOTATION).data().decode(errors="replace")
    mine = read_setting(Exporting)
    return replace(from_json(Exporting, own), folder=mine.folder) if own.startswith("{") else mine


def write_exporting(doc: Document, value: Exporting) -> None:
    """Written only when it differs: an annotation marks the document as modified. It travels
    with the .kra file, so the folder, which may name its owner, stays out of it."""
    write_setting(value)
    public = {name: one for name, one in asdict(value).items() if name != "folder"}
    text = json.dumps(public).encode()
    if doc.annotation(ANNOTATION).data() != text:
        doc.setAnnotation(ANNOTATION, "Glassine", text)


def engine_command(installed: tuple[str, ...]) -> tuple[str, ...]:
    """$GLASSINE_ENGINE, then the artist's own choice of interpreter, then what was installed."""
    named = os.environ.get("GLASSINE_ENGINE")
    if named is not None:
        return tuple(named.split("\x1f" if "\x1f" in named else " ")) if named else ()
    own = read_text("python")
    return (own, "-I", "-u", "-m", "glassine.service") if own else installed
