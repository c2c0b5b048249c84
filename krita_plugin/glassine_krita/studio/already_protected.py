"""Whether what would be protected already is: layers made here, and files that came from here.

The layers' ids lie in the document as an annotation; about files the engine is asked, once each.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ..canvas import layers
from ..engine.requests import Outcome, Requests
from ..qt import QtCore, Signal

ANNOTATION = "glassine/layers.json"
OWN = (".kra", ".krz", ".ora")  # working files: what they hold is seen in their layers


def remember(doc: Any, node_id: Any) -> None:
    """Called when a layer was added, which has marked the document as modified already."""
    ids = [*made_here(doc), node_id.toString()]
    doc.setAnnotation(ANNOTATION, "Glassine", json.dumps(ids).encode())


def made_here(doc: Any) -> list[str]:
    try:
        told = json.loads(bytes(doc.annotation(ANNOTATION)).decode() or "[]")
    except ValueError:
        return []
    return [one for one in told if isinstance(one, str)] if isinstance(told, list) else []


def twice(doc: Any, scope: str) -> str:
    """The name of a layer of ours that would be protected again, or ""."""
    ids = set(made_here(doc))
    start = doc.rootNode() if scope == "picture" else layers.active_layer(doc)
    todo = [start] if ids and start is not None else []
    while todo:
        node = todo.pop()
        if node.uniqueId().toString() in ids:
            return str(node.name())
        todo += [child for child in node.childNodes() if child.visible()]
    return ""


def file_of(doc: Any) -> str:
    """The picture file that the document was opened from; "" for a working file or a new one."""
    path = (doc.fileName() or "") if layers.alive(doc) else ""
    return "" if os.path.splitext(path)[1].lower() in OWN else path


class Known(QtCore.QObject):
    """What the engine says of the file in front, in its words; "" where it knows nothing."""

    changed = Signal()

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests = requests
        self._told: dict[tuple[str, float], str] = {}
        self.says = ""

    def forget(self) -> None:
        self._told.clear()

    def look(self, doc: Any) -> None:
        """Called now and then, while the engine has nothing better to do."""
        path = "" if doc is None else file_of(doc)
        try:
            key = (path, os.stat(path).st_mtime) if path else ("", 0.0)
        except OSError:
            key = ("", 0.0)
        if key[0] and key not in self._told and self._requests.can("examine"):
            self._told[key] = ""
            self._requests.send("examine", {"file": path}, lambda told: self._answer(key, told))
        self._say(self._told.get(key, ""))

    def _answer(self, key: tuple[str, float], outcome: Outcome) -> None:
        if outcome.kind == "result":
            self._told[key] = outcome.result["protected"]
        elif outcome.kind == "lost":
            self._told.pop(key, None)

    def _say(self, words: str) -> None:
        if words != self.says:
            self.says = words
            self.changed.emit()
