"""No engine: the docker says so, offers one button with sizes, and nothing is downloaded unasked."""

from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QComboBox, QPushButton
from steps import colours, docker, document, until


def scenario(k):
    panel = docker()
    studio_ = panel.studio
    yield until(lambda: studio_.engine.condition.name != "starting")
    k.check(
        "not installed, said in one line",
        studio_.engine.condition.name == "absent" and "not installed" in panel.status.says.whole(),
        says=panel.status.says.whole(),
    )
    doc, node = yield from document(colours())
    k.check("nothing can be applied", not panel.main.apply.isEnabled() and studio_.apply() is None)
    studio_.complain("")
    k.check("one button", panel.status.act.isVisible())
    QTest.mouseClick(panel.status.act, Qt.LeftButton)
    yield lambda: panel.pages.currentIndex() == 2
    builds = panel.setup.findChild(QComboBox, "glassine_build")
    said = [builds.itemData(i, Qt.ToolTipRole) for i in range(builds.count())]
    k.check("sizes are said beforehand", all("download" in text for text in said), builds=said)
    k.check("nothing runs unasked", not studio_.installer.running)
    from glassine_krita.install import installed

    k.check(
        "and nothing is on the disk",
        not installed.engine_folder().exists(),
        home=str(installed.engine_folder()),
    )
    QTest.mouseClick(panel.setup.findChild(QPushButton, "glassine_install"), Qt.LeftButton)
    yield lambda: studio_.trouble
    k.check(
        "without a new enough Python it says what to do",
        "Python 3.11" in studio_.trouble,
        trouble=studio_.trouble,
    )
    k.check("still no dialog, and it can be tried again", panel.setup.go.isVisible())
    left = installed.engine_folder().exists() or panel.setup.remove.isVisible()
    k.check("and nothing was begun, so nothing has to be removed", not left)
    k.check("the status line is what it was", studio_.engine.condition.name == "absent")
