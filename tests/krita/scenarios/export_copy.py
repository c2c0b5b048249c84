"""Export through the docker's page: the written file is read back and compared."""

import hashlib

from glassine_krita.canvas.spaces import SRGB
from glassine_krita.studio.job import Kind, State
from krita import Krita
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QImage
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QLineEdit, QPushButton
from steps import (
    H,
    W,
    answering,
    colours,
    docker,
    document,
    finished,
    layer,
    pixels,
    row_of,
    studio,
    turns,
    until,
    whole,
    wide,
)

STARTS = {"png": b"\x89PNG", "tiff": b"II*", "webp": b"RIFF", "jpeg": b"\xff\xd8"}


def scenario(k):
    studio_ = yield from studio()
    before = colours()
    doc, node = yield from document(before)
    panel = docker()
    panel.open("export")
    page = panel.exporting
    target = k.out / "piece-protected.png"
    page.findChild(QLineEdit, "glassine_path").setText(str(target))
    page.findChild(QLineEdit, "glassine_creator").setText("Ada Aquarell")
    marks = {name: box.isChecked() for name, box in page.marks.boxes.items()}
    k.check("the metadata mark is on by itself", marks.get("xmp"), marks=marks)
    QTest.mouseClick(page.findChild(QPushButton, "glassine_export_go"), Qt.LeftButton)
    yield until(lambda: studio_.jobs.all)
    job = studio_.jobs.all[-1]
    yield until(lambda: not job.active)
    k.check("exported", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    data = target.read_bytes()
    k.check(
        "the file is what the engine measured",
        hashlib.sha256(data).hexdigest() == job.outcome.made.sha256,
        size=len(data),
    )
    image = QImage(str(target))
    k.check("its size", (image.width(), image.height()) == (W, H))
    read = bits(image)
    change = [abs(a - b) for a, b in zip(read, before)]
    k.check(
        "its pixels are the protected ones",
        0 < sum(change) / len(change) < 12 and read[3::4] == before[3::4],
        mean=sum(change) / len(change),
    )
    k.check(
        "it says no to training, in the artist's name",
        b"DMI-PROHIBITED" in data and b"Ada Aquarell" in data,
    )
    size = data[data.index(b"pHYs") + 4 :][:9]  # per metre, twice, and that it is metres
    ppi = [round(int.from_bytes(size[at : at + 4], "big") * 0.0254) for at in (0, 4)]
    k.check(
        "it has the document's size on paper, and a profile",
        ppi == [doc.resolution()] * 2 and b"iCCP" in data,
        ppi=ppi,
    )
    k.check("no part file is left", [p.name for p in k.out.glob("piece*")] == [target.name])
    k.check(
        "a report that starts with doubts",
        job.outcome.report.lstrip().lower().startswith(b"<!doctype html")
        and len(job.outcome.made.doubts) > 0,
        doubts=job.outcome.made.doubts[:2],
    )
    k.check(
        "the choice lies in the document",
        b'"format": "png"' in bytes(doc.annotation("glassine/export.json")),
    )
    k.check(
        "the document itself is as it was",
        pixels(node) == before and [n.name() for n in doc.topLevelNodes()][-1] == "paint",
    )
    from glassine_krita.studio.reports import write_report

    page_path = write_report(job)
    k.check(
        "the report is on the disk only now", page_path.exists() and page_path.stat().st_size > 5000
    )
    small = k.out / "small.jpg"
    from glassine_krita.studio.choices import Exporting

    job = studio_.export(str(small), Exporting(format="jpeg", quality=90, longest=64, marks=()))
    yield until(lambda: not job.active)
    picture = QImage(str(small))
    k.check(
        "a JPEG, 64 pixels wide",
        job.state == State.DONE and picture.width() == 64,
        why=job.why,
        size=(picture.width(), picture.height()),
    )
    working = k.out / "working.kra"
    doc.setBatchmode(True)
    k.check("saved", doc.saveAs(str(working)))
    again = Krita.instance().openDocument(str(working))
    from glassine_krita.studio import settings

    kept = settings.read_exporting(again)
    k.check("the .kra remembers the last choice", kept.format == "jpeg", kept=kept)
    again.close()
    studio_.jobs.measure(job)
    report = studio_.jobs.all[-1]
    yield until(lambda: report.progress.fraction > 0 or not report.active)
    k.check("what survives can be measured", report.order.kind == Kind.REPORT and report.active)
    studio_.jobs.cancel(report)
    Krita.instance().activeDocument().setModified(False)
    yield from as_it_is(k, studio_)


def as_it_is(k, studio_):
    """After Apply, what shows is protected: its file needs no second change, only marks."""
    from glassine_krita.studio.choices import Exporting

    doc, node = yield from document(colours(seed=3))
    studio_.choose(effort="preview")
    yield from finished(studio_.apply())
    yield from layer(doc, "(Cloak")
    path = k.out / "as_is.png"
    job = studio_.export(str(path), Exporting())
    k.check("after Apply it is asked about", job.state == State.ASKING, state=job.state)
    yield turns(20)
    row = row_of(job)
    shown = [name for name, one in row.buttons.items() if one.isVisible()]
    at = {name: row.buttons[name].mapTo(row, QPoint()) for name in ("as_is", "again")}
    first = (at["as_is"].y(), at["as_is"].x()) <= (at["again"].y(), at["again"].x())
    button = row.buttons["as_is"]
    k.check("as it is, with marks, stands first", whole(button) and first, shown=shown)
    QTest.mouseClick(button, Qt.LeftButton)
    yield from finished(job)
    k.check("written", job.state == State.DONE, why=job.why)
    read = bits(QImage(str(path)))
    far = max(abs(a - b) for a, b in zip(read, bytes(doc.pixelData(0, 0, W, H))))
    k.check("as it shows in Krita", far == 0, most=far)
    k.check("with its marks", b"DMI-PROHIBITED" in path.read_bytes())
    doc.setResolution(300)
    for name in ("jpeg", "webp", "tiff"):
        yield from read_again(k, studio_, doc, name)
    doc.setModified(False)
    doc, node = yield from document(wide(colours(seed=3)), depth="U16", profile=SRGB)
    yield from finished(studio_.apply())
    yield from layer(doc, "(Cloak")
    doc.setResolution(300)
    yield from read_again(k, studio_, doc, "png")
    doc.setModified(False)


def read_again(k, studio_, doc, name):
    """Krita opens the file as the document: its size on paper, its depth, its colours."""
    from glassine_krita.studio.choices import Exporting

    path = k.out / f"again.{name}"
    job = studio_.export(str(path), Exporting(format=name, quality=95))
    studio_.jobs.do_again(job, as_is=True)
    yield from finished(job)
    wrote = job.state == State.DONE and path.read_bytes().startswith(STARTS[name])
    k.check(f"a {name} file", wrote, why=job.why)
    k.expected_dialogs = [""]  # Krita's own, of WebP
    timer = answering(path, [])
    opened = Krita.instance().openDocument(str(path))
    timer.stop()
    opened.waitForDone()
    read = (opened.resolution(), opened.colorModel(), opened.colorDepth())
    ppi = 72 if name == "webp" else 300  # Krita 5.1.5 reads none in a WebP, its own included
    exact = name in ("png", "tiff")
    wanted = (ppi, "RGBA", doc.colorDepth() if exact else "U8")
    k.check(f"{name}: size on paper and depth", read == wanted, got=read, want=wanted)
    k.check(f"{name}: a profile", "sRGB" in opened.colorProfile(), got=opened.colorProfile())
    across = W if exact else W // 5  # a lossy codec blurs the noise beside the smooth part
    far = [abs(a - b) for a, b in zip(shown(opened, across), shown(doc, across))]
    most, mean = max(far), sum(far) / len(far)
    k.check(f"{name}: its colours", most <= 1 if exact else mean < 6, most=most, mean=mean)
    opened.close()


def shown(doc, width):
    """What Krita's own canvas shows at the left, in 8 bits."""
    return bits(doc.projection(0, 0, width, H))


def bits(image):
    """BGRA."""
    image = image.convertToFormat(QImage.Format_ARGB32)
    pointer = image.constBits()
    pointer.setsize(image.sizeInBytes())
    return bytes(pointer)
