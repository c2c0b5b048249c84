"""Apply to the selection: outside of it the new layer is empty, to the bit."""

from glassine_krita.studio.job import State
from krita import Selection
from steps import H, W, colours, document, finished, layer, noted, pixels, studio, turns, until


def scenario(k):
    studio_ = yield from studio()
    before = colours()
    doc, node = yield from document(before)
    studio_.choose(scope="selection")
    job = studio_.apply()
    k.check(
        "without a selection it says so, in the docker",
        job is None and "selected" in studio_.trouble,
        trouble=studio_.trouble,
    )
    studio_.complain("")
    chosen = Selection()
    chosen.select(30, 20, 50, 40, 255)
    yield from selected(doc, chosen)
    job = yield from finished(studio_.apply())
    k.check("done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    after = pixels((yield from layer(doc, "(Cloak")))
    inside = outside = moved = 0
    for y in range(H):
        for x in range(W):
            at = 4 * (y * W + x)
            one = after[at : at + 4]
            if 30 <= x < 80 and 20 <= y < 60:
                inside += one[3] == before[at + 3]
                moved += one != before[at : at + 4]
            else:
                outside += one == b"\0\0\0\0"
    k.check("alpha kept inside", inside == 50 * 40, got=inside)
    k.check("nothing outside", outside == W * H - 50 * 40, got=outside)
    k.check("most of the inside changed", moved > 1000, got=moved)
    doc.waitForDone()
    shown = bytes(doc.pixelData(0, 0, W, H))
    edge = sum(shown[i : i + 4] == before[i : i + 4] for i in range(0, len(shown), 4))
    k.check("what shows outside is the original", edge >= W * H - 50 * 40, got=edge)
    doc.setSelection(None)
    yield from soft(k, studio_, chosen)


def selected(doc, chosen):
    """Krita selects a moment later, and the docker sees it when it looks again."""
    doc.setSelection(chosen)
    yield until(lambda: doc.selection() is not None and doc.selection().width() == chosen.width())
    yield turns(60)


def soft(k, studio_, chosen):
    """A see-through layer is replaced as a whole, though only a part of it was selected."""
    before = bytearray(colours())
    before[3::4] = bytes([150]) * (W * H)
    doc, node = yield from document(bytes(before))
    was = bytes(doc.pixelData(0, 0, W, H))
    yield from selected(doc, chosen)
    job = yield from finished(studio_.apply())
    k.check("soft: done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    yield from layer(doc, "(Cloak")
    yield until(lambda: not node.visible())
    doc.waitForDone()
    now = bytes(doc.pixelData(0, 0, W, H))
    k.check("the original is hidden", not node.visible() and "replaced" in noted(job))
    far = max(abs(a - b) for a, b in zip(now[3::4], was[3::4]))
    k.check("all of the layer shows, and once", far <= 1, most=far)
    moved = {
        (i % W, i // W)
        for i in range(W * H)
        if max(abs(a - b) for a, b in zip(now[4 * i : 4 * i + 4], was[4 * i : 4 * i + 4])) > 2
    }
    inside = all(30 <= x < 80 and 20 <= y < 60 for x, y in moved)
    k.check("changed inside the selection only", moved and inside, moved=len(moved))
    doc.setSelection(None)
