"""The preview in the docker and on the canvas; nothing of it stays anywhere."""

from krita import Krita
from steps import H, W, colours, document, names, pixels, studio, turns, until


def scenario(k):
    app = Krita.instance()
    studio_ = yield from studio()
    before = colours()
    doc, node = yield from document(before)
    studio_.watch(True)
    studio_.look()
    yield until(lambda: studio_.preview.pictures)
    shown = studio_.preview.pictures
    k.check(
        "before, after and difference in the docker",
        {"before", "after", "difference"} <= set(shown),
        about=studio_.preview.about,
    )
    k.check("after is not before", shown["before"] != shown["after"])
    from glassine_krita.canvas.viewport import visible_part

    view = app.activeWindow().activeView().canvas()
    zoom, whole = view.zoomLevel(), visible_part(doc)
    k.check("all of it is in view", (whole.width, whole.height) == (W, H), place=whole)
    view.setZoomLevel(40.0)
    yield until(lambda: visible_part(doc).width < W)
    part = visible_part(doc)
    k.check("zoomed in, a part is", 0 < part.width < W and 0 < part.height < H, place=part)
    view.setZoomLevel(zoom)
    yield until(lambda: visible_part(doc).width == W)
    k.check("an untouched document", not doc.modified() and pixels(node) == before)
    undo = app.action("edit_undo").text()
    views = len(app.views())
    studio_.show_on_canvas(True)
    yield until(lambda: studio_.canvas_preview.tab.on)
    copy = studio_.canvas_preview.tab._copy
    copy.waitForDone()
    yield until(lambda: bytes(copy.pixelData(0, 0, W, H)) != before)
    seen = bytes(copy.pixelData(0, 0, W, H))
    k.check("the canvas shows the changed picture", seen != before)
    k.check("in a view of its own", len(app.views()) == views + 1)
    k.check(
        "the artist's document is not touched",
        not doc.modified() and pixels(node) == before and names(doc) == names(copy)[:-1],
        names=names(doc),
    )
    k.check(
        "and the studio still works on it",
        studio_.document.rootNode().uniqueId() == doc.rootNode().uniqueId(),
    )
    k.check(
        "under no file name, and locked",
        not copy.fileName() and all(node.locked() for node in copy.topLevelNodes()),
        file=copy.fileName(),
    )
    for score in (68.0, 66.0, 64.0, 62.0, 60.0):
        studio_.choose(score=score)
        yield turns(5)
    yield until(lambda: not studio_.canvas_preview.waiting)
    k.check(
        "the strength can be dragged meanwhile",
        studio_.canvas_preview.on and studio_.canvas_preview.tab.on and not studio_.trouble,
        trouble=studio_.trouble,
    )
    target = k.out / "saved.kra"
    doc.setBatchmode(True)
    k.check("saved meanwhile", doc.saveAs(str(target)))
    yield turns(30)
    studio_.show_on_canvas(False)
    yield until(lambda: len(app.views()) == views)
    k.check("gone without a question", True)
    again = app.openDocument(str(target))
    k.check("not in the saved file", names(again) == names(doc), got=names(again))
    again.close()
    k.check(
        "no undo row", app.action("edit_undo").text() == undo, undo=app.action("edit_undo").text()
    )
    studio_.show_on_canvas(True)
    yield until(lambda: studio_.canvas_preview.tab.on)
    doc.setModified(False)
    doc.close()
    yield until(lambda: not app.documents() and not studio_.canvas_preview.on)
    k.check("closing the document closes the preview", not studio_.canvas_preview.on)
    doc = app.openDocument(str(target))
    app.activeWindow().addView(doc)
    yield until(lambda: app.activeDocument() is not None and app.activeDocument().activeNode())
    studio_.show_on_canvas(True)
    yield until(lambda: studio_.canvas_preview.tab.on)
    named = studio_.canvas_preview.tab._copy.fileName()
    k.check("a saved document's preview has no file name either", not named, file=named)
    k.check("the document keeps its own", doc.fileName() == str(target), file=doc.fileName())
    studio_.show_on_canvas(False)
    doc.setModified(False)
    doc.close()
    for model, depth in (("RGBA", "U16"), ("CMYKA", "U8")):
        yield from elsewhere(k, studio_, model, depth)


def elsewhere(k, studio_, model, depth):
    """A document in other colours: the preview's layer keeps sRGB in it."""
    pixel = 8 if depth == "U16" else 5
    data = bytes(255 if i % pixel > 3 else i * 7 % 251 for i in range(W * H * pixel))
    doc, node = yield from document(data, model=model, depth=depth)
    studio_.show_on_canvas(True)
    yield until(lambda: studio_.canvas_preview.tab.on or studio_.trouble)
    shown = studio_.canvas_preview.tab
    k.check(f"{model} {depth}: on the canvas too", shown.on, trouble=studio_.trouble)
    layer = shown._layer
    space = (layer.colorModel(), layer.colorDepth(), layer.colorProfile())
    k.check(f"{model} {depth}: in sRGB", space[:2] == ("RGBA", "U8"), got=space)
    k.check(f"{model} {depth}: the document as it was", pixels(node, pixel=pixel) == data)
    studio_.show_on_canvas(False)
    doc.setModified(False)
    doc.close()
