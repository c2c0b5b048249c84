"""A layer with a drop shadow in a CMYK document: the copy is in RGB, and Krita converts it back.

The engine gives back what it got. What the way from inks to RGB and back costs is said in
docs/layers.md; the shadow, which lies beside the layer, must not cost anything more.
"""

from glassine_krita.canvas.places import Place
from glassine_krita.studio.job import State
from krita import Krita
from stacks import STYLES
from steps import H, W, activated, colours, finished, in_front, studio, turns, until

MODEL, SRGB = "CMYKA", "sRGB-elle-V2-srgbtrc.icc"
SHADOW = next(one for one in STYLES if one.__name__ == "DrSh")
THERE_AND_BACK = 12  # levels, of colours that are neither very dark nor very bright
ROUNDED = 2  # levels
WORK = Place(20, 20, 50, 40)


def scenario(k):
    studio_ = yield from studio()
    studio_.choose(style="same")
    app = Krita.instance()
    doc = app.createDocument(W, H, "print", MODEL, "U8", "", 72.0)
    doc.setBatchmode(True)
    app.activeWindow().addView(doc)
    yield from in_front(doc)
    base = in_inks(doc, "base", muted(), Place(0, 0, W, H))
    bare = shown(doc)
    for style in (None, SHADOW):
        node = in_inks(doc, "work", see_through(), WORK)
        if style:
            style(doc, node)
        doc.waitForDone()
        yield from activated(doc, node)
        before, count = shown(doc), len(doc.topLevelNodes())
        job = yield from finished(studio_.apply())
        k.check("applied", job.state == State.DONE, why=job.why)
        yield until(lambda count=count: len(doc.topLevelNodes()) > count)
        yield turns(5)
        inside, outside = apart(before, shown(doc))
        name = style.__name__ if style else "no style"
        k.check(f"{name}: there and back", inside <= THERE_AND_BACK, levels=inside)
        k.check(f"{name}: beside the layer", outside <= ROUNDED, levels=outside)
        if style:
            k.check("there is a shadow beside the layer", apart(bare, before)[1] > 20)
        for one in doc.topLevelNodes():
            if one.uniqueId() != base.uniqueId():
                one.remove()
        doc.waitForDone()
    doc.setModified(False)


def muted():
    """Neither very dark nor very bright, nor very colourful."""
    return bytes(v if i % 4 == 3 else 70 + v * 110 // 255 for i, v in enumerate(colours(seed=77)))


def see_through():
    """The same, see-through differently everywhere."""
    data = bytearray(muted()[: 4 * WORK.width * WORK.height])
    data[3::4] = bytes((i * 5) % 256 for i in range(WORK.width * WORK.height))
    return bytes(data)


def in_inks(doc, name, data, at):
    """A new layer that was drawn in RGB and converted by Krita, so that both spaces have it."""
    made = doc.createNode(name, "paintlayer")
    assert made.setColorSpace("RGBA", "U8", SRGB)
    made.setPixelData(data, at.x, at.y, at.width, at.height)
    doc.rootNode().addChildNode(made, None)
    doc.waitForDone()
    assert made.setColorSpace(doc.colorModel(), doc.colorDepth(), doc.colorProfile())
    doc.waitForDone()
    return made


def shown(doc):
    doc.refreshProjection()
    doc.waitForDone()
    picture = doc.projection(0, 0, W, H).convertToFormat(4)  # 32 bits a pixel
    data = picture.constBits()
    data.setsize(picture.sizeInBytes())
    return bytes(data)


def apart(one, other):
    """How far two pictures are apart, in levels: where the layer is, and beside it."""
    found = [0, 0]
    for i, (a, b) in enumerate(zip(one, other)):
        x, y = i // 4 % W, i // 4 // W
        beside = (Place(x, y, 1, 1) & WORK).empty
        found[beside] = max(found[beside], abs(a - b))
    return found
