"""The document is closed in the middle of a job: the result is kept and can be opened."""

from glassine_krita.studio.job import State
from krita import Krita
from steps import H, W, colours, document, studio, until


def scenario(k):
    app = Krita.instance()
    studio_ = yield from studio()
    before = colours()
    doc, node = yield from document(before)
    job = studio_.apply()
    yield until(lambda: job.state == State.RUNNING)
    doc.setModified(False)
    doc.close()
    yield until(lambda: not job.active)
    k.check(
        "kept, not lost",
        job.state == State.KEPT and job.why.code == "document_gone",
        state=job.state.value,
        why=job.why,
    )
    yield until(lambda: not app.documents())
    studio_.jobs.rescue(job)
    yield until(lambda: job.state == State.DONE)
    rescued = app.documents()[0]
    rescued.waitForDone()
    data = bytes(rescued.topLevelNodes()[-1].pixelData(0, 0, W, H))
    k.check(
        "opened as a picture of its own",
        len(app.documents()) == 1
        and len(data) == W * H * 4
        and data[3::4] == before[3::4]
        and data != before,
    )
    doc, node = yield from document(before)
    job = studio_.apply()
    yield until(lambda: job.state == State.RUNNING)
    node.remove()
    doc.waitForDone()
    yield until(lambda: not job.active)
    k.check(
        "a removed layer: kept as well",
        job.state == State.KEPT and job.why.code == "layer_gone",
        state=job.state.value,
        why=job.why,
    )
    studio_.jobs.forget(job)
