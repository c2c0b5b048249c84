"""A scenario that takes the docker's pictures. Not a test: scripts/screenshots.py runs it."""

import os
from pathlib import Path

from krita import Krita
from PyQt5.QtWidgets import QScrollArea
from steps import activated, docker, until

FACES = 2  # in the picture at $GLASSINE_PORTRAITS
DOGS = Path(__file__).resolve().parents[1] / "golden" / "dogs.campaign"


def scenario(k):
    app = Krita.instance()
    theme = os.environ["GLASSINE_THEME"]
    window = app.activeWindow().qwindow()
    width, height = map(int, os.environ["GLASSINE_SIZE"].split("x"))
    window.setGeometry(0, 0, width, height)
    yield 0.5
    panel = docker()
    panel.raise_()  # Krita's own layout, and the place that a first start gives the docker
    studio = panel.studio
    yield 1
    yield k.ask("screenshot", name=f"{theme}-first-run") if not studio.engine.command else 0
    if not studio.engine.command:
        panel.open("setup")
        yield 0.5
        yield k.ask("screenshot", name=f"{theme}-install")
        return
    yield until(lambda: studio.engine.condition.name == "ready")
    doc = app.openDocument(os.environ["GLASSINE_PICTURE"])
    app.activeWindow().addView(doc)
    yield until(lambda: app.activeDocument() is not None and app.activeDocument().activeNode())
    app.action("zoom_to_fit").trigger() if app.action("zoom_to_fit") else None
    yield 0.5
    studio.choose(
        recipe="cloak", style="starry-strokes", scope="layer", score=70.0, effort="preview"
    )
    panel.main._mode("wipe")
    studio.watch(True)
    studio.look()
    yield until(lambda: studio.preview.pictures)
    yield until(lambda: not studio.preview.busy and studio.preview.pictures)
    yield until(lambda: studio.seconds)
    yield 1
    yield until(lambda: not studio.preview.busy)
    yield k.ask("screenshot", name=f"{theme}-preview")
    panel.main._mode("difference")
    yield 0.3
    yield k.ask("screenshot", name=f"{theme}-difference")
    panel.main._mode("sees")
    yield until(lambda: "sees_goal" in studio.preview.pictures)
    yield until(lambda: not studio.preview.busy)
    yield 0.3
    yield k.ask("screenshot", name=f"{theme}-sees")
    if not os.environ.get("GLASSINE_MODELS"):
        yield from working(k, panel, doc, theme)


def working(k, panel, doc, theme):
    """Jobs, a question, poison, the other pages, an error."""
    from glassine_krita.studio.choices import Exporting

    app, studio = Krita.instance(), panel.studio
    panel.main._mode("wipe")
    studio.watch(False)
    job = studio.apply()
    studio.apply()
    yield until(lambda: job.progress.fraction > 0.02)
    yield k.ask("screenshot", name=f"{theme}-working")
    studio.jobs.cancel(studio.jobs.all[-1])
    studio.jobs.forget(studio.jobs.all[-1])
    yield until(lambda: not job.active)
    yield 0.5
    yield from activated(doc, doc.topLevelNodes()[0])
    yield k.ask("screenshot", name=f"{theme}-applied")
    again = studio.export(str(k.out / "twice.png"), Exporting())
    yield 0.3
    yield k.ask("screenshot", name=f"{theme}-asking")
    studio.jobs.forget(again)
    studio.jobs.forget(job)
    studio.watch(True)
    studio.choose(recipe="poison", shows="tree", teach="castle")
    app.writeSetting("glassine", "poison_explained", "yes")
    studio.choice_changed.emit()
    yield until(lambda: studio.preview.pictures and not studio.preview.busy)
    yield 1
    yield k.ask("screenshot", name=f"{theme}-poison")
    yield until(lambda: studio.campaigns.law)
    studio.campaigns.join(str(DOGS))
    yield until(lambda: studio.choice.campaign)
    yield until(lambda: studio.preview.pictures and not studio.preview.busy)
    yield k.ask("screenshot", name=f"{theme}-campaign")
    panel.open("export")
    yield 0.5
    yield k.ask("screenshot", name=f"{theme}-export")
    area = panel.exporting.findChild(QScrollArea).verticalScrollBar()
    area.setValue(area.maximum())
    yield 0.3
    yield k.ask("screenshot", name=f"{theme}-export-below")
    panel.open("setup")
    yield 0.3
    yield k.ask("screenshot", name=f"{theme}-settings")
    panel.open("main")
    studio.complain(
        "There is no anchor picture for 'dragon'. Glassine ships airplane, apple, "
        "bicycle, bird. Give one of your own, or choose another word."
    )
    yield 0.3
    yield k.ask("screenshot", name=f"{theme}-error")
    studio.complain("")
    yield from faces(k, panel, theme)


def faces(k, panel, theme):
    """What is said once about a cloak of faces, then the drawn faces that it found."""
    app, studio = Krita.instance(), panel.studio
    doc = app.openDocument(os.environ["GLASSINE_PORTRAITS"])
    app.activeWindow().addView(doc)
    yield from activated(doc, doc.topLevelNodes()[0])
    studio.choose(recipe="lowkey", campaign="", effort="preview")
    yield until(lambda: len(studio.faces.boxes) == FACES)
    yield until(lambda: studio.preview.pictures and not studio.preview.busy)
    yield 1
    yield k.ask("screenshot", name=f"{theme}-face-explained")
    app.writeSetting("glassine", "face_explained", "yes")
    studio.choice_changed.emit()
    studio.faces.spare(studio.faces.boxes[1], True)
    yield until(lambda: studio.preview.pictures and not studio.preview.busy)
    yield 1
    yield k.ask("screenshot", name=f"{theme}-face")
