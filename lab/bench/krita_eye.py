"""Scenario of krita_beside.py: waiting times, with this version's plugin or an earlier one's.

$GLASSINE_PARTS names what to time: start (from Krita's own start to the first preview of the
picture at $GLASSINE_PICTURE), drag (the strength slider), apply (at the docker's defaults).
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from krita import Krita
from PyQt5.QtWidgets import QSlider
from steps import activated

Turns = Generator[Any, Any, None]
TICKS = float(os.sysconf("SC_CLK_TCK"))
DRAGGED = 6.0  # seconds
EVERY = 0.02  # seconds between two moves of the slider


def fields(stat: str) -> list[str]:
    """Fields of a line of /proc/PID/stat, from the process' state on."""
    return stat.rpartition(")")[2].split()


def worked() -> float:
    """Processor seconds of Krita and of the engine that it started, up to now."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found = fields(stat.read_text())
        except OSError:
            continue  # it ended
        if int(found[2]) == os.getpgrp():
            total += sum(map(int, found[11:15]))
    return total / TICKS


def since_start() -> float:
    """Seconds since Krita was started."""
    began = int(fields(Path("/proc/self/stat").read_text())[19]) / TICKS
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began


def noted(k: Any, what: str, seconds: float, work: float, **more: object) -> None:
    k.note("time", what=what, seconds=round(seconds, 2), work=round(work, 2), **more)


def scenario(k: Any) -> Turns:
    k.expected_dialogs = ["Waiting for image operation"]  # Krita's own, while it adds the layer
    app, parts = Krita.instance(), os.environ["GLASSINE_PARTS"].split(",")
    doc = app.openDocument(os.environ["GLASSINE_PICTURE"])
    app.activeWindow().addView(doc)
    panel = next(d for d in app.dockers() if d.objectName() == "glassine_docker")
    panel.show()
    panel.raise_()
    studio = panel.studio
    yield lambda: studio.preview.pictures
    noted(k, "start", since_start(), worked())
    if "drag" in parts:
        yield from dragged(k, panel, studio)
    if "apply" in parts:
        yield from activated(doc, doc.topLevelNodes()[0])
        yield from applied(k, studio)
    doc.setModified(False)


def dragged(k: Any, panel: Any, studio: Any) -> Turns:
    """Moves the slider without a pause; notes how often the preview was redrawn."""
    yield lambda: not studio.preview.busy and not studio.preview._rest.isActive()
    slider = panel.findChild(QSlider, "glassine_visible")
    seen, shown = 0, studio.preview.pictures.get("after")
    at, began, work = slider.value(), time.perf_counter(), worked()
    own = time.process_time()
    while time.perf_counter() - began < DRAGGED:
        at = (at + 1) % slider.maximum()
        slider.setValue(at)
        now = studio.preview.pictures.get("after")
        if now is not None and now is not shown:
            seen, shown = seen + 1, now
        yield EVERY
    took, own = time.perf_counter() - began, time.process_time() - own
    noted(k, "drag", took, worked() - work, redraws_a_second=round(seen / took, 1), own=own)
    studio.choose(score=70.0)


def applied(k: Any, studio: Any) -> Turns:
    studio.watch(False, id(studio))
    yield lambda: not studio.preview.busy
    began, work = time.perf_counter(), worked()
    job = studio.apply()
    yield lambda: not job.active
    state = getattr(job.state, "value", job.state)  # an enumeration; a string in earlier versions
    k.check("apply", state == "done", why=job.why)
    noted(k, "apply", time.perf_counter() - began, worked() - work, effort=studio.choice.effort)
