"""Krita is killed in the middle of a job, with the preview on the canvas; the engine ends too."""

import os
import signal

from glassine_krita.studio.job import State
from steps import colours, document, studio, until


def scenario(k):
    studio_ = yield from studio()
    doc, node = yield from document(colours(256, 256), width=256, height=256)
    studio_.choose(effort="full")
    job = studio_.apply()
    yield until(lambda: job.state == State.RUNNING and job.progress.fraction > 0)
    k.note("killing", engine=studio_.engine.process_id)
    k.emit("verdict", name="krita_killed", ok=True, error=None, seconds=0)
    os.kill(os.getpid(), signal.SIGKILL)
    yield 10
