"""CMYK through a converted clone, with a sentence; float layers; a whole picture."""

import struct

from glassine_krita.studio.job import State
from krita import Krita
from steps import H, W, activated, colours, document, finished, in_front, layer, noted, studio


def scenario(k):
    studio_ = yield from studio()
    app = Krita.instance()
    doc = app.createDocument(W, H, "print", "CMYKA", "U8", "", 72.0)
    app.activeWindow().addView(doc)
    yield from in_front(doc)
    node = doc.createNode("ink", "paintlayer")
    node.setPixelData(
        bytes(v for i in range(W * H) for v in (i % 256, 40, (i // W) * 3, 10, 255)), 0, 0, W, H
    )
    doc.rootNode().addChildNode(node, None)
    doc.waitForDone()
    yield from activated(doc, node)
    job = yield from finished(studio_.apply())
    k.check(
        "CMYK is done in RGB, and said",
        job.state == State.DONE and "converted" in noted(job),
        why=job.why,
        notes=noted(job),
        trouble=studio_.trouble,
    )
    made = yield from layer(doc, "(Cloak")
    k.check(
        "its layer keeps RGB inside the CMYK document",
        made.colorModel() == "RGBA" and doc.colorModel() == "CMYKA",
        model=made.colorModel(),
    )
    for model, channels in (("GRAYA", 2), ("LABA", 4)):
        doc = app.createDocument(W, H, model, model, "U16", "", 72.0)
        app.activeWindow().addView(doc)
        yield from in_front(doc)
        node = doc.createNode("tones", "paintlayer")
        row = [
            (i * 977 % 65536 if c < channels - 1 else 65535)
            for i in range(W * H)
            for c in range(channels)
        ]
        before = struct.pack(f"<{len(row)}H", *row)
        node.setPixelData(before, 0, 0, W, H)
        doc.rootNode().addChildNode(node, None)
        doc.waitForDone()
        yield from activated(doc, node)
        job = yield from finished(studio_.apply())
        said = job.state == State.DONE and "converted" in noted(job)
        k.check(f"{model} is done in RGB, and said", said, why=job.why, trouble=studio_.trouble)
        made = yield from layer(doc, "(Cloak")
        space = (made.colorModel(), made.colorDepth(), doc.colorModel())
        k.check(
            f"{model} keeps its depth and its model", space == ("RGBA", "U16", model), got=space
        )
        same = bytes(node.pixelData(0, 0, W, H)) == before
        k.check(f"{model}: the original is untouched", same)
        doc.setModified(False)
    yield from blended(k)
    for depth, letter in (("F32", "f"), ("F16", "e")):
        yield from floats(k, studio_, depth, letter)
    studio_.choose(scope="picture")
    doc, node = yield from document(colours())
    job = yield from finished(studio_.apply())
    yield from layer(doc, "(Cloak")
    k.check(
        "the whole picture, on top of all",
        job.state == State.DONE and doc.topLevelNodes()[-1].name().startswith("Picture (Cloak"),
        got=doc.topLevelNodes()[-1].name(),
    )


def blended(k):
    """What an export and the previews read looks as Krita's own canvas: blended, then converted."""
    from glassine_krita.canvas.pictures import take_flattened, take_picture
    from glassine_krita.canvas.spaces import SCREEN

    white = struct.pack("<4H", 65535, 65535, 65535, 32768) * (W * H)
    doc, node = yield from document(struct.pack("<4H", 0, 0, 0, 65535) * (W * H), depth="U16")
    group = doc.createGroupLayer("lights")
    doc.rootNode().addChildNode(group, None)
    for name, data in (("black", bytes(node.pixelData(0, 0, W, H))), ("white", white)):
        made = doc.createNode(name, "paintlayer")
        made.setPixelData(data, 0, 0, W, H)
        group.addChildNode(made, None)
    doc.refreshProjection()
    doc.waitForDone()
    yield from activated(doc, group)
    wanted = doc.projection(0, 0, W, H).pixelColor(W // 2, H // 2).red()
    profile = doc.colorProfile()
    picture = take_flattened(doc)
    word = struct.unpack_from("<H", b"".join(picture.parts()))[0] / 257
    picture.close()
    k.check("an export is as bright as the canvas", abs(word - wanted) <= 2, got=word, want=wanted)
    for scope in ("layer", "picture"):
        picture, _ = take_picture(doc, scope, wanted=SCREEN)
        seen = b"".join(picture.parts())[0]
        picture.close()
        k.check(
            f"so is the preview of the {scope}",
            abs(seen - wanted) <= 2,
            got=seen,
            want=wanted,
            profile=profile,
        )
    k.check("nothing was done to the document", doc.colorDepth() == "U16")
    doc.setModified(False)


def floats(k, studio_, depth, letter):
    """A layer whose upper rows are brighter than white."""
    values = []
    for i, v in enumerate(colours()):
        values.append(1.0 if i % 4 == 3 else (3.5 if i < 4 * W else v / 255))
    before = struct.pack(f"<{len(values)}{letter}", *values)
    pixel = len(before) // (W * H)
    doc, node = yield from document(before, depth=depth)
    job = yield from finished(studio_.apply())
    k.check(f"{depth} done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    made = yield from layer(doc, "(Cloak")
    after = bytes(made.pixelData(0, 0, W, H))
    k.check(f"{depth} keeps its depth", made.colorDepth() == depth, got=made.colorDepth())
    k.check(f"{depth}: values above 1 keep their bits", after[: pixel * W] == before[: pixel * W])
    moved = [abs(a - b) for a, b in zip(struct.unpack(f"<{len(values)}{letter}", after), values)]
    k.check(f"{depth}: others moved", max(moved) > 1e-3)
    same = bytes(node.pixelData(0, 0, W, H)) == before
    k.check(f"{depth}: the original is untouched", same)
