"""Apply to layer, 8 bits: a new layer above, the original untouched, its opacity the strength."""

from glassine_krita.studio.job import State
from steps import colours, document, finished, layer, names, pixels, studio, turns, until


def scenario(k):
    studio_ = yield from studio()
    before = colours()
    doc, node = yield from document(before)
    job = yield from finished(studio_.apply())
    k.check("done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    made = yield from layer(doc, "(Cloak")
    k.check(
        "one layer more, above the active one, named after what was done",
        names(doc)[-2] == "paint" and names(doc)[-1].startswith("paint (Cloak"),
        got=names(doc),
    )
    after = pixels(made)
    k.check("the original's bytes are untouched", pixels(node) == before)
    k.check("alpha is the same to the bit", after[3::4] == before[3::4])
    change = [abs(a - b) for a, b in zip(after, before)]
    k.check(
        "there is a change, and it is small",
        0 < sum(change) / len(change) < 12,
        mean=sum(change) / len(change),
        most=max(change),
    )
    k.check("the projection shows it", bytes(doc.pixelData(0, 0, 96, 80)) == after)
    k.check(
        "the score is what was asked for, or better where another judge is stricter",
        69.5 < job.outcome.made.ssimulacra2 < 90,
        score=job.outcome.made.ssimulacra2,
    )
    yield turns(80)
    yield until(lambda: doc.activeNode().name() == "paint")
    k.check("the artist is still on their own layer", True)
    made.setOpacity(128)
    doc.refreshProjection()
    doc.waitForDone()
    half = bytes(doc.pixelData(0, 0, 96, 80))
    between = sum(min(a, b) - 1 <= h <= max(a, b) + 1 for a, b, h in zip(after, before, half))
    k.check("the layer's opacity is the strength", between == len(half), inside=between)
