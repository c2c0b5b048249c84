"""Scenario of krita.py: first previews, apply and export with the real engine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from glassine_krita.studio.job import State
from krita import Krita
from PyQt5.QtGui import QImage
from steps import activated, studio, until

Turns = Generator[Any, Any, None]  # a scenario gives Krita's loop its turn wherever it yields
Layer = tuple[Any, Any]  # Krita's document and node
PREVIEWS = 5  # documents, each seen for the first time


def painting(side: int, turn: int = 0) -> bytes:
    """The example painting, scaled up: structure at every size. Each turn is another picture."""
    image = QImage(os.environ["GLASSINE_PICTURE"]).convertToFormat(QImage.Format_ARGB32)
    image = image.mirrored(bool(turn & 1), bool(turn & 2)).scaled(side, side)
    pointer: Any = image.constBits()
    pointer.setsize(image.sizeInBytes())
    data = bytes(pointer)
    return data[4 * turn :] + data[: 4 * turn]


def opened(side: int, turn: int = 0) -> Generator[Any, Any, Layer]:
    app = Krita.instance()
    doc = app.createDocument(side, side, f"piece {side} {turn}", "RGBA", "U8", "", 300.0)
    node = doc.createNode("paint", "paintlayer")
    node.setPixelData(painting(side, turn), 0, 0, side, side)
    doc.rootNode().addChildNode(node, None)
    app.activeWindow().addView(doc)
    yield from activated(doc, node)
    doc.setModified(False)
    return doc, node


def noted(k: Any, what: str, seconds: list[float], **more: object) -> None:
    ordered = sorted(seconds)
    k.note(
        "time",
        what=what,
        seconds=round(ordered[len(ordered) // 2], 2),
        lowest=round(ordered[0], 2),
        highest=round(ordered[-1], 2),
        runs=len(ordered),
        **more,
    )


def previews(k: Any, studio_: Any) -> Turns:
    """Times the way from a document's activation to its preview in the docker."""
    took: list[float] = []
    sizes: list[list[int]] = []
    for turn in range(PREVIEWS):
        doc, _ = yield from opened(2048, turn)
        studio_.preview.clear()
        yield 0.5
        began = time.perf_counter()
        studio_.watch(True)
        yield until(lambda: studio_.preview.pictures)
        took.append(time.perf_counter() - began)
        sizes.append([studio_.preview.about.width, studio_.preview.about.height])
        studio_.watch(False)
        studio_.preview.clear()
        doc.setModified(False)
        doc.close()
        yield 0.3
    noted(k, "first preview of a 2048x2048 document", took, sizes=sizes)


def worked(k: Any, what: str, make: Callable[[], Any], layer: Layer, repeats: int) -> Turns:
    """Notes the seconds of whole jobs, and when each stage of the engine ended."""
    took: list[float] = []
    stages: dict[str, float] = {}
    for _ in range(repeats):
        yield from activated(*layer)  # the clean layer again; earlier copies lie above it
        seconds, stages = yield from one(k, what, make)
        took.append(seconds)
        yield 0.3
    noted(k, what, took, stage_until=stages)


def one(
    k: Any, what: str, make: Callable[[], Any]
) -> Generator[Any, Any, tuple[float, dict[str, float]]]:
    began, told = time.perf_counter(), dict[str, float]()
    job = make()

    def ended() -> bool:
        told[job.progress.stage or "travel"] = round(time.perf_counter() - began, 2)
        return not job.active

    yield until(ended)
    k.check(what, job.state == State.DONE, why=job.why)
    return time.perf_counter() - began, told


def scenario(k: Any) -> Turns:
    """$GLASSINE_PARTS names what to time: previews, apply, export."""
    parts = os.environ["GLASSINE_PARTS"].split(",")
    studio_ = yield from studio()
    studio_.watch(False)
    studio_.choose(effort="preview", style="ember")
    yield 10  # seconds, in which the engine loads its networks after its hello
    if "previews" in parts:
        yield from previews(k, studio_)
    if "apply" in parts:
        yield from applied(k, studio_)
    if "export" in parts:
        yield from exported(k, studio_)


def applied(k: Any, studio_: Any) -> Turns:
    doc, node = yield from opened(2048)
    what = "apply to a layer of 2048x2048, preview"
    yield from worked(k, what, studio_.apply, (doc, node), 1)
    doc.setModified(False)


def exported(k: Any, studio_: Any) -> Turns:
    from glassine_krita.studio.choices import Exporting

    doc, node = yield from opened(4096)
    how, path = Exporting(format="png", marks=("xmp",)), str(k.out / "copy.png")
    what = "export at 4096x4096 to png, preview"
    yield from worked(k, what, partial(studio_.export, path, how), (doc, node), 1)
    doc.setModified(False)
