"""After Apply the picture looks as before but for the change: kinds of layers, modes and pairs."""

import random

from glassine_krita.studio.job import State
from krita import Krita
from steps import H, W, activated, colours, document, finished, studio, turns, until

MOST = 14  # levels that the scripted engine's "faint" changes, and rounding


def plain(doc, node):
    return node


def hidden(doc, node):
    node.setVisible(False)
    return node


def faded(doc, node):
    node.setOpacity(140)
    return node


def mode(name):
    def change(doc, node):
        node.setBlendingMode(name)
        return node

    change.__name__ = name
    return change


def soft(doc, node):
    data = bytearray(bytes(node.pixelData(0, 0, W, H)))
    data[3::4] = bytes((i * 5) % 256 for i in range(W * H))
    node.setPixelData(bytes(data), 0, 0, W, H)
    return node


def filtered(doc, node):
    mask = doc.createFilterMask(
        "mask", Krita.instance().filter("invert"), doc.selection() or all_of()
    )
    node.addChildNode(mask, None)
    return node


def all_of():
    from krita import Selection

    found = Selection()
    found.select(0, 0, W // 2, H, 255)
    return found


def grouped(doc, node):
    group = doc.createGroupLayer("work")
    doc.rootNode().addChildNode(group, None)
    inner = doc.createNode("inner", "paintlayer")
    inner.setPixelData(colours(50, 40, seed=11), 20, 20, 50, 40)
    group.addChildNode(inner, None)
    node.setName("under")
    return group


def passing(doc, node):
    group = grouped(doc, node)
    group.setPassThroughMode(True)
    return group


def cloned(doc, node):
    made = doc.createCloneLayer("work", node)
    doc.rootNode().addChildNode(made, None)
    node.setName("under")
    return made


def fill(doc, node):
    from krita import InfoObject

    made = doc.createFillLayer("work", "color", InfoObject(), all_of())
    doc.rootNode().addChildNode(made, None)
    node.setName("under")
    return made


MODES = [mode(name) for name in ("multiply", "screen", "overlay", "add", "darken", "erase")]
SINGLE = [plain, hidden, faded, soft, filtered, grouped, passing, cloned, fill, *MODES]
BEFORE, AFTER = (plain, soft, filtered, grouped, cloned), (hidden, faded, *MODES)


def scenario(k):
    studio_ = yield from studio()
    studio_.choose(style="faint", score=60.0)
    yield from refused(k, studio_)
    chance = random.Random(23)
    pairs = [(chance.choice(BEFORE), chance.choice(AFTER)) for _ in range(4)]
    for changes in [(one,) for one in SINGLE] + pairs:
        yield from looks_the_same(k, studio_, changes)


def refused(k, studio_):
    """What docs/layers.md says that no plugin can do."""
    app = Krita.instance()
    doc, node = yield from document(colours())
    adjusts = doc.createFilterLayer("work", app.filter("invert"), all_of())
    doc.rootNode().addChildNode(adjusts, None)
    group = grouped(doc, node)
    group.childNodes()[0].setBlendingMode("multiply")
    group.setPassThroughMode(True)
    for one, word in ((adjusts, "no picture of its own"), (group, "passes through")):
        yield from activated(doc, one)
        count = len(studio_.jobs.all)
        said = studio_.apply() is None and word in studio_.trouble
        k.check(f"refused, and said: {word}", said, trouble=studio_.trouble)
        k.check(f"before any work: {word}", len(studio_.jobs.all) == count)
        one.setName("other")
        studio_.complain("")
    doc.setModified(False)
    doc.close()


def shown(doc):
    doc.refreshProjection()
    doc.waitForDone()
    return bytes(doc.pixelData(0, 0, W, H))


def looks_the_same(k, studio_, changes):
    name = " and ".join(one.__name__ for one in changes)
    doc, node = yield from document(colours())
    base = next(one for one in doc.topLevelNodes() if one.uniqueId() != node.uniqueId())
    base.setPixelData(colours(seed=77), 0, 0, W, H)
    for change in changes:
        node = change(doc, node)
    doc.waitForDone()
    node.setName("work")
    yield from activated(doc, node)
    before = shown(doc)  # by now Krita has made what fill and clone layers show
    job = yield from finished(studio_.apply())
    k.check(f"{name}: done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    yield turns(20)
    after = shown(doc)
    far = max(abs(a - b) for a, b in zip(before, after))
    k.check(f"{name}: looks as before", far <= MOST, most=far)
    studio_.jobs.forget(job)
    doc.setModified(False)
    doc.close()
    yield until(lambda: not Krita.instance().documents())
