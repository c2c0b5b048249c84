"""After Apply the picture looks as before: kinds of layers, masks, styles, ways of mixing, together.

The engine gives back what it got, so that whatever moved was moved by the plugin. A short choice of
all that there is; all of it, and as many at random as fit into so many seconds, where
$GLASSINE_NODES says how many (docs/layers.md tells what came of that).
"""

import os
import random
import time

import stacks
from glassine_krita.studio.job import State
from krita import Krita
from stacks import KINDS, MASKS, MIXED, MODES, STYLES
from steps import H, W, activated, colours, document, finished, studio, turns, until

MOST = 2  # levels: a copy of what several layers show is rounded once more
SECONDS = float(os.environ.get("GLASSINE_NODES", "0"))
GLOW = next(one for one in STYLES if one.__name__ == "OrGl")
COMMON = ("multiply", "screen", "overlay", "add", "darken", "erase")
SHORT = [
    *((kind,) for kind in KINDS),
    *((stacks.soft, one) for one in (*MASKS[:4], *STYLES[::3], *MIXED)),
    *((stacks.passing, one) for one in (MASKS[0], STYLES[0], stacks.faded)),
    *((stacks.beyond, one) for one in (STYLES[0], STYLES[-1])),
    (stacks.paint, stacks.transformed, GLOW),  # beyond the canvas' edge
    *((stacks.paint, one) for one in MODES if one.__name__ in COMMON),
]


def everything():
    """Each kind with each change, the modes on one kind."""
    changes = (*MASKS, *STYLES, *MIXED)
    yield from ((kind,) for kind in KINDS)
    kinds = (stacks.soft, stacks.group, stacks.passing)
    yield from ((kind, one) for kind in kinds for one in changes)
    yield from ((stacks.beyond, one) for one in STYLES)
    yield from ((stacks.soft, one) for one in MODES)


def at_random(chance):
    """A kind with a mask, a style or both, and a way of mixing."""
    while True:
        some = [
            chance.choice(one) for one in (MASKS, STYLES, MODES + MIXED) if chance.random() < 0.6
        ]
        yield (chance.choice(KINDS), *some)


def scenario(k):
    Krita.instance().setProperty("glassine_picture", str(k.dir / "input.png"))
    studio_ = yield from studio()
    yield from stacks.prepared(k.out)
    studio_.choose(style="same")
    yield from refused(k, studio_)
    doc, node = yield from document(colours(seed=77))
    node.setName("base")
    began, chance, wrong = time.monotonic(), random.Random(23), []
    tries = at_random(chance)
    for changes in everything() if SECONDS else SHORT:
        yield from looks_the_same(k, studio_, doc, changes, wrong)
    pairs = 0
    while pairs < 4 or time.monotonic() - began < SECONDS:
        yield from looks_the_same(k, studio_, doc, next(tries), wrong)
        pairs += 1
    doc.setModified(False)
    k.note("tried", at_random=pairs, seconds=round(time.monotonic() - began), wrong=wrong)
    k.check("all of them look as before", not wrong, wrong=wrong)


def refused(k, studio_):
    """What docs/layers.md says that no plugin can do."""
    app = Krita.instance()
    doc, node = yield from document(colours())
    adjusts = doc.createFilterLayer("work", app.filter("invert"), stacks.part())
    doc.rootNode().addChildNode(adjusts, None)
    group = stacks.group(doc)
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


def looks_the_same(k, studio_, doc, changes, wrong):
    """Adds to `wrong` what does not. In one document, which is as it was afterwards."""
    make, *others = changes
    name = " ".join(one.__name__ for one in changes)
    base = doc.topLevelNodes()
    node = make(doc)
    for change in others:
        change(doc, node)
    doc.waitForDone()
    yield from activated(doc, node)
    before = shown(doc)  # by now Krita has made what fill and clone layers show
    count = len(list(below(doc)))
    job = studio_.apply()
    if job is None:
        wrong.append(f"{name}: {studio_.trouble}")
        studio_.complain("")
    else:
        yield from finished(job)
        yield until(lambda: len(list(below(doc))) > count or job.state != State.DONE)
        yield turns(5)
        far = max(abs(a - b) for a, b in zip(before, shown(doc)))
        if job.state != State.DONE or far > MOST:
            wrong.append(f"{name}: {job.state.name} {job.why} {far}")
            k.note("otherwise", tried=wrong[-1])
        studio_.jobs.forget(job)
    for one in doc.topLevelNodes():
        if one not in base:
            one.remove()
    doc.waitForDone()


def below(doc):
    todo = [doc.rootNode()]
    while todo:
        node = todo.pop()
        yield node
        todo += node.childNodes()
