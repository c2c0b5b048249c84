"""Last in a run: Krita quits with the preview on the canvas and a job under way, unasked."""

from glassine_krita.studio.job import State
from steps import colours, document, studio, until


def scenario(k):
    studio_ = yield from studio()
    doc, node = yield from document(colours())
    studio_.show_on_canvas(True)
    yield until(lambda: studio_.canvas_preview.tab.on)
    studio_.choose(effort="full")
    job = studio_.apply()
    yield until(lambda: job.state in (State.RUNNING, State.DONE))
    k.check("left like this", studio_.canvas_preview.on)
