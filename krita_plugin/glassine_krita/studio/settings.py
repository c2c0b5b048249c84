"""What the plugin remembers: per user in kritarc, per document in the .kra file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

from ..canvas import layers

GROUP = "glassine"
ANNOTATION = "glassine/export.json"
T = TypeVar("T")


@dataclass(frozen=True)
class Choice:
    """What the artist chose in the docker.

    style   name of a style, "" for "choose for me"
    score   SSIMULACRA2 the result should have: the higher, the less visible
    """

    recipe: str = "cloak"
    style: str = ""
    shows: str = ""
    teach: str = ""
    scope: str = "layer"
    score: float = 70.0
    effort: str = "quick"

    def intent(self) -> dict[str, Any]:
        """As the engine wants it."""
        told = {"recipe": self.recipe, "strength": self.score, "effort": self.effort}
        if self.style and self.recipe != "poison":
            told["style"] = self.style
        if self.recipe != "cloak":
            told |= {"shows": self.shows, "teach": self.teach}
        return told

    @property
    def complete(self) -> bool:
        return self.recipe == "cloak" or bool(self.shows.strip() and self.teach.strip())


@dataclass(frozen=True)
class Exporting:
    """The last export's choices.

    longest    pixels; 0: as large as the document
    keep_path  the receipt also notes where the file was put
    sidecar    the receipt also lies beside the file, as JSON
    """

    format: str = "png"
    quality: int = 92
    longest: int = 0
    marks: tuple[str, ...] = ("xmp", "receipt")
    folder: str = ""
    keep_path: bool = False
    sidecar: bool = False


@dataclass(frozen=True)
class Artist:
    """What marks say; empty fields are left out of files."""

    creator: str = ""
    rights: str = ""
    url: str = ""


def load(kind: type[T], text: str) -> T:
    """A value from JSON; whatever is unknown or of the wrong type is ignored."""
    try:
        told = json.loads(text or "{}")
    except ValueError:
        return kind()
    found = kind()
    for f in fields(kind):  # type: ignore[arg-type]
        value, default = told.get(f.name), getattr(found, f.name)
        if isinstance(default, tuple) and isinstance(value, list):
            value = tuple(str(item) for item in value)
        if isinstance(default, float) and isinstance(value, int):
            value = float(value)
        if type(value) is type(default):
            found = replace(found, **{f.name: value})  # type: ignore[type-var]
    return found


def read(kind: type[T]) -> T:
    return load(kind, layers.app().readSetting(GROUP, kind.__name__.lower(), "{}"))


def write(value: Any) -> None:
    name = type(value).__name__.lower()
    layers.app().writeSetting(GROUP, name, json.dumps(asdict(value)))


def word(name: str) -> str:
    """A single text setting."""
    return layers.app().readSetting(GROUP, name, "")


def remember(name: str, text: str) -> None:
    layers.app().writeSetting(GROUP, name, text)


def exporting(doc: Any) -> Exporting:
    """The document's own last export, else the artist's; the folder is always the artist's."""
    own, mine = bytes(doc.annotation(ANNOTATION)).decode(errors="replace"), read(Exporting)
    return replace(load(Exporting, own), folder=mine.folder) if own.startswith("{") else mine


def keep_exporting(doc: Any, value: Exporting) -> None:
    """Written only when it differs: an annotation marks the document as modified. It travels
    with the .kra file, so the folder, which may name its owner, stays out of it."""
    write(value)
    told = {name: one for name, one in asdict(value).items() if name != "folder"}
    text = json.dumps(told).encode()
    if bytes(doc.annotation(ANNOTATION)) != text:
        doc.setAnnotation(ANNOTATION, "Glassine", text)


def engine_command(installed: tuple[str, ...]) -> tuple[str, ...]:
    """$GLASSINE_ENGINE, then the artist's own choice of interpreter, then what was installed."""
    named = os.environ.get("GLASSINE_ENGINE")
    if named is not None:
        return tuple(named.split("\x1f" if "\x1f" in named else " ")) if named else ()
    own = word("python")
    return (own, "-I", "-u", "-m", "glassine.service") if own else installed
