"""Vector, clone and file layers are protected through their projection."""

from glassine_krita.studio.job import State
from krita import Krita
from steps import H, W, activated, colours, document, finished, layer, studio, until

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="80">'
    '<rect x="10" y="8" width="60" height="50" fill="#c04020"/>'
    '<circle cx="50" cy="45" r="22" fill="#2060c0"/></svg>'
)


def vector(k, doc, node):
    made = doc.createVectorLayer("lines")
    doc.rootNode().addChildNode(made, None)
    made.addShapesFromSvg(SVG)
    return made


def clone(k, doc, node):
    made = doc.createCloneLayer("twin", node)
    doc.rootNode().addChildNode(made, None)
    return made


def file(k, doc, node):
    made = doc.createFileLayer("linked", str(k.dir / "input.png"), "None")
    doc.rootNode().addChildNode(made, None)
    return made


def scenario(k):
    studio_ = yield from studio()
    for make in (vector, clone, file):
        doc, node = yield from document(colours())
        kind = make.__name__
        made = make(k, doc, node)
        doc.waitForDone()
        yield until(lambda made=made: any(bytes(made.projectionPixelData(0, 0, W, H))))
        doc.refreshProjection()
        doc.waitForDone()
        yield from activated(doc, made)
        before = bytes(made.projectionPixelData(0, 0, W, H))
        k.check(f"a {kind} layer with content", made.type() == f"{kind}layer" and any(before))
        job = yield from finished(studio_.apply())
        k.check(f"{kind}: done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
        result = yield from layer(doc, f"{made.name()} (Cloak")
        after = bytes(result.pixelData(0, 0, W, H))
        k.check(f"{kind}: a paint layer", result.type() == "paintlayer")
        k.check(f"{kind}: alpha to the bit", after[3::4] == before[3::4])
        k.check(f"{kind}: colours moved", after != before)
        k.check(
            f"{kind}: the layer itself is as it was",
            bytes(made.projectionPixelData(0, 0, W, H)) == before,
        )
        doc.setModified(False)
    Krita.instance().activeDocument().setModified(False)
