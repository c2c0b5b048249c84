"""The export is in the File and the Tools menu and has a key; the docker follows the keyboard."""

from krita import Krita
from PyQt5.QtWidgets import QApplication, QMenu
from steps import colours, docker, document, studio, turns


def entries(menu, found=()):
    for action in menu.actions():
        found = (*found, action.objectName())
        if action.menu():
            found = entries(action.menu(), found)
    return found


def scenario(k):
    yield from studio()
    doc, node = yield from document(colours())
    window = Krita.instance().activeWindow().qwindow()
    menus = {
        a.objectName(): a.menu() for a in window.menuBar().actions() if isinstance(a.menu(), QMenu)
    }
    for name in ("file", "tools"):
        k.check(f"in the menu '{name}'", "glassine_export" in entries(menus[name]))
    docker()
    yield turns(30)
    x, y = k.global_center(window)
    top = window.mapToGlobal(window.rect().topLeft()).y() + 6
    panel = docker()
    for _ in range(50):  # without a window manager the focus sometimes needs a second click
        yield k.ask("click", x=x, y=top)
        yield turns(20)
        yield k.ask("key", keys="ctrl+alt+shift+e")
        yield turns(50)
        if panel.pages.currentIndex() == 1:
            break
    k.check("the key opens the export page", panel.pages.currentIndex() == 1)
    panel.open("main")
    panel.main.what.recipe._buttons["cloak"].setFocus()
    order = []
    for _ in range(14):
        order.append(QApplication.focusWidget().objectName())
        panel.focusNextChild()
    k.check(
        "tab goes through the docker from top to bottom",
        order.index("glassine_cloak")
        < order.index("glassine_style")
        < order.index("glassine_visible")
        < order.index("glassine_effort"),
        order=order,
    )
    unnamed = [
        w.objectName()
        for w in panel.findChildren(type(panel.main.slider))
        if w.objectName().startswith("glassine") and not w.accessibleName()
    ]
    k.check("fields have names for screen readers", not unnamed, unnamed=unnamed)
