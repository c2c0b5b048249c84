"""Layers that were made here: their ids lie in the document, so that nobody protects one twice."""

from __future__ import annotations

import json

from ..qt import QtCore
from .layers import layer_for, root_of
from .libkis import Document

ANNOTATION = "glassine/layers.json"


def remember_layer(doc: Document, layer_id: QtCore.QUuid) -> None:
    """Called when a layer was added, which has marked the document as modified already."""
    ids = [*own_layer_ids(doc), layer_id.toString()]
    doc.setAnnotation(ANNOTATION, "Glassine", json.dumps(ids).encode())


def own_layer_ids(doc: Document) -> list[str]:
    try:
        ids = json.loads(doc.annotation(ANNOTATION).data().decode() or "[]")
    except ValueError:
        return []
    return [one for one in ids if isinstance(one, str)] if isinstance(ids, list) else []


def own_layer_in(doc: Document, scope: str) -> str:
    """The name of a layer of ours that would be protected again, or ""."""
    ids = set(own_layer_ids(doc))
    start = root_of(doc) if scope == "picture" else layer_for(doc, scope)
    todo = [start] if ids and start is not None else []
    while todo:
        node = todo.pop()
        if node.uniqueId().toString() in ids:
            return node.name()
        todo += [child for child in node.childNodes() if child.visible()]
    return ""
