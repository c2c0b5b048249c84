"""Layers that Glassine made: they are noted in the document, so that none is protected twice and
each is known with what it was made from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from .layers import all_layers, is_open, layer_for, root_of
from .libkis import Document, Node
from .sources import Source, plain_source, source_from

ANNOTATION = "glassine/layers.json"


@dataclass(frozen=True)
class OwnLayer:
    """The note of one such layer.

    copy    its id
    source  what it was made from; None where an earlier version noted it
    hides   ids of the layers that it stands in place of
    choice  what the artist chose for it
    """

    copy: str
    source: Source | None = None
    hides: tuple[str, ...] = ()
    choice: dict[str, Any] = field(default_factory=dict)

    def same_work(self, other: OwnLayer) -> bool:
        """Whether both protect the same thing, so that only one of them is to be seen."""
        if self.source is None or other.source is None:
            return False
        scopes = self.choice.get("scope"), other.choice.get("scope")
        parts = scopes[0] == "selection" and self.source.place != other.source.place
        return scopes[0] == scopes[1] and self.source.layer == other.source.layer and not parts


def remember_layer(doc: Document, made: OwnLayer) -> None:
    """Called after a layer was added: that has marked the document as modified already."""
    write_notes(doc, [*own_layers(doc), made])


def forget_layer(doc: Document, copy: str) -> None:
    write_notes(doc, [one for one in own_layers(doc) if one.copy != copy])


def write_notes(doc: Document, made: list[OwnLayer]) -> None:
    if not is_open(doc):
        return
    rows = [
        {
            "id": one.copy,
            "source": None if one.source is None else plain_source(one.source),
            "hides": one.hides,
            "choice": one.choice,
        }
        for one in made
    ]
    doc.setAnnotation(ANNOTATION, "Glassine", json.dumps(rows).encode())


def own_layers(doc: Document) -> list[OwnLayer]:
    """All that were noted, whether or not the layers are still there. None of a closed document:
    Krita 5.1.5 crashes when it is asked for an annotation of one."""
    if not is_open(doc):
        return []
    try:
        rows = json.loads(doc.annotation(ANNOTATION).data().decode() or "[]")
    except ValueError:
        return []
    found = map(note_from, rows if isinstance(rows, list) else [])
    return [one for one in found if one is not None]


def note_from(row: object) -> OwnLayer | None:
    """None for what cannot be read. An earlier version noted ids alone."""
    if isinstance(row, str):
        return OwnLayer(row)
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        return None
    hides, choice = row.get("hides"), row.get("choice")
    return OwnLayer(
        row["id"],
        source_from(row.get("source")),
        tuple(map(str, hides)) if isinstance(hides, list) else (),
        choice if isinstance(choice, dict) else {},
    )


def own_layer_ids(doc: Document) -> set[str]:
    return {one.copy for one in own_layers(doc)}


def own_layer_in(doc: Document, scope: str, *, replaced: bool = False) -> str:
    """The name of a layer of ours that would be protected again, or "".

    replaced  not counting copies of the whole picture, in whose place the new one comes
    """
    ids = {one.copy for one in own_layers(doc)}
    if replaced and scope == "picture":
        ids -= {one.copy for one in own_layers(doc) if one.choice.get("scope") == "picture"}
    start = root_of(doc) if scope == "picture" else layer_for(doc, scope)
    todo = [start] if ids and start is not None else []
    while todo:
        node = todo.pop()
        if node.uniqueId().toString() in ids:
            return node.name()
        todo += [child for child in node.childNodes() if child.visible()]
    return ""


def earlier_copies(doc: Document, made: OwnLayer) -> list[tuple[OwnLayer, Node]]:
    """Earlier copies of the same thing that are still in the document, with their notes."""
    tree = {node.uniqueId().toString(): node for node in all_layers(doc)}
    return [
        (one, tree[one.copy]) for one in own_layers(doc) if one.copy in tree and one.same_work(made)
    ]
