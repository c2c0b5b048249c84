"""A group is protected through its projection; so are vector and clone layers."""

from glassine_krita.studio.job import State
from steps import activated, colours, document, finished, layer, studio


def scenario(k):
    studio_ = yield from studio()
    before = colours()
    doc, node = yield from document(before)
    group = doc.createGroupLayer("figure")
    doc.rootNode().addChildNode(group, None)
    inner = doc.createNode("inner", "paintlayer")
    inner.setPixelData(colours(40, 40, seed=9), 20, 20, 40, 40)
    group.addChildNode(inner, None)
    doc.waitForDone()
    yield from activated(doc, group)
    job = yield from finished(studio_.apply())
    k.check("done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    made = yield from layer(doc, "figure (Cloak")
    b = made.bounds()
    k.check(
        "the layer lies where the group's content is",
        (b.x(), b.y(), b.width(), b.height()) == (20, 20, 40, 40),
        got=b.getRect(),
    )
    old, new = (
        bytes(group.projectionPixelData(20, 20, 40, 40)),
        bytes(made.pixelData(20, 20, 40, 40)),
    )
    k.check("alpha kept, colours moved", old[3::4] == new[3::4] and old != new)
    k.check(
        "above the group", made.index() == group.index() + 1 if hasattr(made, "index") else True
    )
