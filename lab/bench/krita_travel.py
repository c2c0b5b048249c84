"""Scenario of krita.py: how long the event loop is blocked while 8192x8192 pixels travel."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from typing import Any

from glassine_krita.studio.job import State
from krita import Krita
from PyQt5.QtCore import QTimer
from steps import activated, studio, until

SIDE = 8192


class Gaps:
    """Longest time between two turns of the event loop, by stage of the job: by the clock, and as
    processor time of this thread (what would be left of it on an idle core)."""

    def __init__(self, job: Any) -> None:
        self.job = job
        self.longest: dict[str, float] = {}
        self.works: dict[str, float] = {}
        self.all: list[float] = []
        self.last, self.worked = time.perf_counter(), time.thread_time()
        self.timer = QTimer()
        self.timer.setInterval(0)
        self.timer.timeout.connect(self.tick)
        self.timer.start()

    def tick(self) -> None:
        now = time.perf_counter()
        gap, self.last = now - self.last, now
        work, self.worked = time.thread_time() - self.worked, time.thread_time()
        key = self.job.state.value
        self.longest[key] = max(self.longest.get(key, 0), gap)
        self.works[key] = max(self.works.get(key, 0), work)
        self.all.append(work)


def scenario(k: Any) -> Generator[Any, Any, None]:
    k.expected_dialogs = ["Waiting for image operation"]  # Krita's own, while it adds the layer
    studio_ = yield from studio()
    studio_.watch(False)
    app = Krita.instance()
    doc = app.createDocument(SIDE, SIDE, "large", "RGBA", "U8", "", 300.0)
    app.activeWindow().addView(doc)
    node = doc.createNode("paint", "paintlayer")
    row = bytearray(os.urandom(SIDE * 4))
    row[3::4] = b"\xff" * SIDE
    for y in range(0, SIDE, 64):
        node.setPixelData(bytes(row) * 64, 0, y, SIDE, 64)
    doc.rootNode().addChildNode(node, None)
    yield from activated(doc, node)
    yield 3
    began = time.perf_counter()
    job = studio_.apply()
    k.note(
        "time",
        what="8192 snapshot (before the pixels travel)",
        milliseconds=round(1000 * (time.perf_counter() - began)),
    )
    gaps = Gaps(job)
    yield until(lambda: job.state != State.RUNNING)
    travelled = time.perf_counter() - began
    before, work = dict(gaps.longest), dict(gaps.works)
    yield until(lambda: not job.active)
    k.check("done", job.state == State.DONE, why=job.why)
    whole = time.perf_counter() - began
    ordered = sorted(gaps.all)
    k.note(
        "time",
        what="8192 there and back",
        seconds=round(travelled, 2),
        longest_gap_milliseconds=round(1000 * before["running"], 1),
        longest_work_milliseconds=round(1000 * work["running"], 1),
        work_99th_percentile_milliseconds=round(1000 * ordered[int(len(ordered) * 0.99)], 1),
    )
    k.note(
        "time",
        what="8192 layer in place (with Krita's own adding of it)",
        seconds=round(whole, 2),
        longest_gap_milliseconds=round(1000 * gaps.longest.get("placing", 0), 1),
        longest_work_milliseconds=round(1000 * gaps.works.get("placing", 0), 1),
    )
    gaps.timer.stop()
