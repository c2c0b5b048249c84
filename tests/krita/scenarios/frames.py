"""Animated layers: this frame, or all of them, as keyframes of a new animated layer, in one undo."""

from glassine_krita.studio.job import State
from krita import Krita
from PyQt5.QtCore import QItemSelection, QItemSelectionModel, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QTableView
from stacks import filtered
from steps import H, W, activated, colours, document, finished, names, row_of, studio, turns, until
from steps import whole as in_sight

SEEDS = {0: 1, 3: 40, 7: 90}  # of the pictures, by their times
FRAMES = "KisAnimTimelineFramesView"  # Krita's own class
MOST = 14  # levels that the scripted engine's "faint" changes, and rounding


def scenario(k):
    studio_ = yield from studio()
    studio_.choose(style="faint", score=60.0)
    yield from one_frame(k, studio_)
    yield from all_frames(k, studio_)
    yield from stopped(k, studio_)
    yield from selected(k, studio_)
    yield from cropped(k, studio_)
    yield from previews(k, studio_)
    studio_.choose(score=70.0)


def animated(mask=False):
    """A document with an animated layer; `mask`: with a filter on half of it."""
    app = Krita.instance()
    doc, node = yield from document(colours())
    made = doc.createNode("anim", "paintlayer")
    made.enableAnimation()
    doc.rootNode().addChildNode(made, None)
    doc.waitForDone()
    yield from activated(doc, made)
    for time, seed in SEEDS.items():
        yield from at(doc, time)
        app.action("add_blank_frame").trigger()
        yield until(lambda time=time: made.hasKeyframeAtTime(time))
        made.setPixelData(colours(seed=seed), 0, 0, W, H)
    if mask:
        filtered(doc, made)
    yield from at(doc, 3)
    return doc, made


def at(doc, time):
    doc.setCurrentTime(time)
    doc.waitForDone()
    yield until(lambda: doc.currentTime() == time)


def shown(doc):
    """What the canvas shows at each time, one between keyframes among them."""
    found = {}
    for time in (*SEEDS, 5, 9):
        yield from at(doc, time)
        doc.refreshProjection()
        doc.waitForDone()
        found[time] = bytes(doc.pixelData(0, 0, W, H))
    yield from at(doc, 3)
    return found


def moved(before, after):
    """By time, the most that a value changed."""
    return {time: max(abs(a - b) for a, b in zip(before[time], after[time])) for time in before}


def press(k, job, name):
    button = row_of(job).buttons[name]
    k.check(f"{name} is offered", in_sight(button))
    QTest.mouseClick(button, Qt.LeftButton)


def one_frame(k, studio_):
    app = Krita.instance()
    doc, made = yield from animated()
    before = yield from shown(doc)
    job = studio_.apply()
    k.check("which frames is asked", job.which_frames, state=job.state, trouble=studio_.trouble)
    yield turns(20)
    press(k, job, "this_frame")
    yield from finished(job)
    k.check("this frame: done", job.state == State.DONE, why=job.why)
    yield turns(20)
    k.check("the artist's time is where it was", doc.currentTime() == 3, now=doc.currentTime())
    after = yield from shown(doc)
    change = moved(before, after)
    same = all(not change[time] for time in (0, 7, 9))
    k.check("other frames as they were, to the bit", same, moved=change)
    k.check("this one changed", all(0 < change[time] <= MOST for time in (3, 5)), moved=change)
    copy = next(one for one in doc.topLevelNodes() if "(Cloak" in one.name())
    keys = [time for time in range(12) if copy.hasKeyframeAtTime(time)]
    k.check("as keyframes of an animated layer", copy.animated() and keys == [*SEEDS], keys=keys)
    while "(Cloak" in str(names(doc)):  # each look at another time is an undo step of Krita's
        app.action("edit_undo").trigger()
        doc.waitForDone()
        yield turns(5)
    yield until(made.visible)
    k.check("undone, the original shows", (yield from shown(doc)) == before)
    yield from closed(doc)


def all_frames(k, studio_):
    """With a mask, which only the original keeps."""
    doc, made = yield from animated(mask=True)
    before = yield from shown(doc)
    job = studio_.apply()
    yield turns(20)
    press(k, job, "all_frames")
    yield from finished(job)
    k.check("all frames: done", job.state == State.DONE, why=job.why)
    yield turns(20)
    change = moved(before, (yield from shown(doc)))
    k.check("each changed", all(0 < one <= MOST for one in change.values()), moved=change)
    studio_.watch(True, 23)
    yield until(lambda: not studio_.stale.paused)
    yield turns(80)
    k.check("nothing is out of date", not studio_.stale.rows, rows=studio_.stale.rows)
    yield from at(doc, 7)
    made.setPixelData(colours(seed=5), 0, 0, W, H)
    yield from at(doc, 3)
    yield until(lambda: studio_.stale.rows)
    k.check("painted in another frame: out of date", True)
    again = yield from finished(studio_.update_copy(studio_.stale.rows[0]))
    k.check("updated", again.state == State.DONE and again.done == 3, why=again.why)
    yield until(lambda: not studio_.stale.rows)
    studio_.watch(False, 23)
    ours = [one for one in names(doc) if "(Cloak" in one]
    k.check("in one copy", len(ours) == 1, names=names(doc))
    yield from closed(doc)


def stopped_after_one(k, studio_, which):
    """A job of the active layer that is stopped in the middle."""
    job = studio_.apply()

    def stop():
        if job.done == 1 and job.state == State.RUNNING:
            studio_.jobs.cancel(job)

    studio_.jobs.changed.connect(stop)
    yield turns(20)
    press(k, job, which)
    yield from finished(job)
    studio_.jobs.changed.disconnect(stop)
    return job


def stopped(k, studio_):
    """In the middle: what is done is kept, and the rest is done later."""
    doc, made = yield from animated()
    before = yield from shown(doc)
    job = yield from stopped_after_one(k, studio_, "all_frames")
    k.check("kept", job.state == State.KEPT and job.done == 1, state=job.state, done=job.done)
    said = row_of(job).says.text()
    k.check("and said", "1 of 3 frames" in said, said=said)
    yield turns(20)
    press(k, job, "go_on")
    yield from finished(job)
    k.check("went on to the end", job.state == State.DONE and job.done == 3, why=job.why)
    yield turns(20)
    change = moved(before, (yield from shown(doc)))
    k.check("all of them changed", all(change.values()), moved=change)
    yield from closed(doc)


def selected(k, studio_):
    """Frames that are selected in the timeline, and of these what was done when it was stopped."""
    doc, made = yield from animated()
    before = yield from shown(doc)
    view = timeline()
    first, last = (view.model().index(row_of_layer(view, made), time) for time in (2, 8))
    view.selectionModel().select(QItemSelection(first, last), QItemSelectionModel.ClearAndSelect)
    yield until(lambda: doc.playBackStartTime() == 2)
    job = yield from stopped_after_one(k, studio_, "range_frames")
    k.check("of two that are selected one", job.order.frames == (3, 7), frames=job.order.frames)
    yield turns(20)
    press(k, job, "use_done")
    yield from finished(job)
    k.check("what is done was added", job.state == State.DONE, why=job.why, state=job.state)
    yield turns(20)
    change = moved(before, (yield from shown(doc)))
    k.check(
        "the first of these changed", all(0 < change[at] <= MOST for at in (3, 5)), moved=change
    )
    k.check("nothing else", not any(change[at] for at in (0, 7, 9)), moved=change)
    yield from closed(doc)


def timeline():
    found = next(d for d in Krita.instance().dockers() if d.objectName() == "TimelineDocker")
    found.show()
    return next(v for v in found.findChildren(QTableView) if v.metaObject().className() == FRAMES)


def row_of_layer(view, node):
    """In the timeline."""
    model = view.model()
    heads = [model.headerData(row, Qt.Vertical) for row in range(model.rowCount())]
    return heads.index(node.name())


def cropped(k, studio_):
    """Frames that belong nowhere any more are kept, and opened as a document."""
    app = Krita.instance()
    doc, made = yield from animated()
    job = studio_.apply()
    doc.crop(10, 10, 60, 50)
    doc.waitForDone()
    yield turns(20)
    press(k, job, "all_frames")
    yield from finished(job)
    k.check("cropped: kept", job.state == State.KEPT, state=job.state, why=job.why)
    yield turns(20)
    press(k, job, "rescue")
    yield from finished(job)
    k.check("opened", job.state == State.DONE, why=job.why, state=job.state)
    yield until(lambda: app.activeDocument() and app.activeDocument().width() == W)
    rescued = app.activeDocument()
    kept = [one.name() for one in rescued.topLevelNodes() if one.animated()]
    k.check("with all frames, under no file's name", len(kept) == 2 and not rescued.fileName())
    rescued.setModified(False)
    rescued.close()
    yield from closed(doc)


def previews(k, studio_):
    """They show the frame that the artist is at."""
    doc, made = yield from animated()
    studio_.watch(True, 23)
    studio_.show_on_canvas(True)
    tab = studio_.canvas_preview.tab
    yield until(lambda: tab.on and studio_.preview.pictures)
    first = bytes(tab._copy.pixelData(0, 0, W, H))
    seen = studio_.preview.pictures["before"]
    k.check("the canvas preview is of this frame", near(first, colours(seed=40)))
    Krita.instance().activeWindow().addView(doc)
    yield until(lambda: Krita.instance().activeDocument() == doc)
    yield from at(doc, 7)
    yield until(lambda: tab.on and near(bytes(tab._copy.pixelData(0, 0, W, H)), colours(seed=90)))
    k.check("it follows to another", True)
    yield until(lambda: studio_.preview.pictures.get("before") != seen)
    k.check("so does the docker's", True)
    studio_.show_on_canvas(False)
    studio_.watch(False, 23)
    yield from closed(doc)


def near(one, other):
    return len(one) == len(other) and max(abs(a - b) for a, b in zip(one, other)) <= MOST


def closed(doc):
    doc.setModified(False)
    doc.close()
    yield until(lambda: not Krita.instance().documents())
