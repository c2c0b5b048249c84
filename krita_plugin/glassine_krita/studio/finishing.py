"""What an answer becomes: a layer's pixels, or a file that is whole and is what was measured."""

from __future__ import annotations

import hashlib
import os

from ..canvas.layers import find_layer
from ..canvas.libkis import Document
from ..canvas.pictures import Picture
from ..canvas.results import Result
from ..qt import QtCore
from .job import Job

RECEIPT = ".receipt.json"  # after the name of the file, as on the command line


def result_of(job: Job, picture: Picture, pixels: memoryview) -> Result:
    """Where the pixels belong, and whether they stand beside the original or in its place."""
    order = job.order
    replaces = bool(job.outcome.about.get("translucent")) or not is_plain(order.doc, order.layer)
    rest = picture if replaces and picture.mask else None
    return Result(pixels, picture.place, picture.space, order.name, order.layer, replaces, rest)


def notes_on(result: Result, picture: Picture) -> tuple[str, ...]:
    """What the artist has to know of a new layer: keys of texts.json."""
    notes = ["converted"] if picture.converted else []
    if result.replaces:
        notes.append("replaced" if result.above is not None else "replaced_all")
    return tuple(notes)


def is_plain(doc: Document | None, layer_id: QtCore.QUuid | None) -> bool:
    """Whether a copy above the layer looks as the layer alone would."""
    node = None if doc is None or layer_id is None else find_layer(doc, layer_id)
    if node is None:
        return True
    return node.opacity() == 255 and node.blendingMode() == "normal" and not node.inheritAlpha()


def write_exported(path: str, data: memoryview) -> str:
    """One move to the final name, read back; its sum, to be compared with what was measured."""
    write_whole(path, data)
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def write_whole(path: str, data: memoryview) -> None:
    """The whole file or nothing under that name."""
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "wb") as stream:
            stream.write(data)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)


def file_trouble(path: str, error: OSError) -> str:
    return f"{path}: {error.strerror or error}"


def receipt_request(job: Job, digest: str) -> dict[str, object] | None:
    """What the engine's ledger is asked to note of a written file; None without a receipt."""
    how = job.order.ask["intent"]["export"]
    if "receipt" not in how["marks"]:
        return None
    ask = {"sha256": digest, "sidecar": how["sidecar"]}
    return ask | ({"path": os.path.abspath(job.order.path)} if how["keep_path"] else {})
