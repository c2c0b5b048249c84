"""What an answer becomes: a layer's pixels, or a file that is whole and is what was measured."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

from ..canvas.frames import Film
from ..canvas.kinds import stands_alone
from ..canvas.layers import find_layer
from ..canvas.pictures import Picture
from ..canvas.results import Result
from ..engine.answers import LayerMade
from ..engine.asks import Placed
from ..words.causes import cause_of
from ..words.gaps import Message, message
from .job import Job, State

RECEIPT = ".receipt.json"  # after the name of the file, as on the command line


def result_of(job: Job, made: LayerMade, picture: Picture, pixels: memoryview) -> Result:
    """Where the pixels belong, and whether they stand beside the original or in its place."""
    order = job.order
    node = None if order.doc is None or order.layer is None else find_layer(order.doc, order.layer)
    replaces = made.translucent or not (node is None or stands_alone(node))
    rest = picture if replaces and picture.mask else None
    return Result(
        pixels,
        picture.place,
        picture.space,
        order.name,
        order.layer,
        replaces,
        rest,
        order.source,
        order.choice,
    )


def film_result(job: Job, film: Film) -> Result:
    """Of an animated layer: a layer with all its frames, in its place."""
    order = job.order
    return Result(
        memoryview(b""),
        film.place,
        film.space,
        order.name,
        order.layer,
        replaces=True,
        source=order.source,
        choice=order.choice,
        film=film,
        frames=order.frames,
    )


def ask_which_frames(job: Job) -> None:
    """Asks the artist which frames to protect, unless there is only one."""
    assert job.film is not None
    if len(job.film.times) == 1:
        job.order = replace(job.order, frames=job.film.times)
    else:
        job.state, job.why = State.ASKING, message("which_frames", count=len(job.film.times))


def frames_left(job: Job, why: Message | None) -> Message:
    """What is done of an animated layer, and why not all of it."""
    said = message("frames_left", done=job.done, count=len(job.order.frames))
    return said if why is None else message("frames_left_why", said=said, why=why)


def notes_on(result: Result, picture: Picture) -> tuple[Message, ...]:
    """What the artist has to know of a new layer."""
    notes = [Message("converted")] if picture.converted else []
    if result.replaces:
        notes.append(Message("replaced" if result.above is not None else "replaced_all"))
    return tuple(notes)


def write_exported(path: str, data: memoryview) -> str:
    """Writes the file, reads it back and returns its SHA-256, to compare with what was measured."""
    write_whole(path, data)
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def write_whole(path: str, data: memoryview) -> None:
    """Writes the whole file or nothing; a link's target where the path is a link, as in Krita."""
    path = os.path.realpath(path)
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "wb") as stream:
            stream.write(data)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)


def not_written(path: str, error: OSError) -> Message:
    return message("file_not_written", path=path, reason=cause_of(error))


def not_read(path: str, error: OSError) -> Message:
    return message("file_not_read", path=path, reason=cause_of(error))


def receipt_request(job: Job, digest: str) -> Placed | None:
    """What the engine's ledger is asked to note of a written file; None without a receipt."""
    how = job.order.ask.intent.export
    if how is None or "receipt" not in how.marks:
        return None
    return Placed(digest, how.sidecar, os.path.abspath(job.order.path) if how.keep_path else None)
