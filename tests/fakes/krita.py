"""A Krita that behaves: documents with layers, pixels, undo, clones that share ids, settings.

What it imitates was measured in Krita 5.1.5 (see krita_plugin/glassine_krita/canvas/layers.py);
a real Krita in tests/krita keeps it honest. Only what the plugin uses is here; anything else is
an AttributeError, as a wrong name would be in Krita.
"""

import os
import uuid

from colours import converted, over

if os.environ.get("GLASSINE_QT", "5") == "6":
    from PyQt6 import QtCore, QtWidgets
    from PyQt6.QtGui import QAction, QImage
else:
    from PyQt5 import QtCore, QtWidgets
    from PyQt5.QtGui import QImage
    from PyQt5.QtWidgets import QAction

SIZES = {"U8": 1, "U16": 2, "F16": 2, "F32": 4}
CHANNELS = {"RGBA": 4, "CMYKA": 5, "GRAYA": 2}
ACTIVE_LATER = 30  # milliseconds until an added layer is the active one
SRGB = "sRGB-elle-V2-srgbtrc.icc"
assert QImage


class Uid:
    def __init__(self):
        self.text = f"{{{uuid.uuid4()}}}"

    def toString(self):
        return self.text

    def __eq__(self, other):
        return isinstance(other, Uid) and self.text == other.text

    def __hash__(self):
        return hash(self.text)


class Node:
    def __init__(self, doc, name, kind, uid=None):
        self._doc, self._name, self._kind = doc, name, kind
        self._uid = uid or Uid()
        self._parent, self._children = None, []
        self._space = (doc.colorModel(), doc.colorDepth(), doc.colorProfile())
        self._pixels = {}  # (x, y) -> bytes of one pixel
        self._opacity, self._visible, self._mode, self._inherit = 255, True, "normal", False
        self._locked = False
        self.refuses = False

    def copied(self, doc):
        other = Node(doc, self._name, self._kind, self._uid)
        other._space, other._pixels = self._space, dict(self._pixels)
        other._opacity, other._visible, other._mode = self._opacity, self._visible, self._mode
        for child in self._children:
            twin = child.copied(doc)
            twin._parent = other
            other._children.append(twin)
        return other

    def name(self):
        return self._name

    def type(self):
        return self._kind

    def uniqueId(self):
        return self._uid

    def parentNode(self):
        return self._parent

    def childNodes(self):
        return list(self._children)

    def colorModel(self):
        return self._space[0]

    def colorDepth(self):
        return self._space[1]

    def colorProfile(self):
        return self._space[2]

    def setColorSpace(self, model, depth, profile):
        before, self._space = self._space, (model, depth, profile)
        self._pixels = {at: converted(v, before, self._space) for at, v in self._pixels.items()}
        return True

    def pixelSize(self):
        return CHANNELS[self._space[0]] * SIZES[self._space[1]]

    def opacity(self):
        return self._opacity

    def setOpacity(self, value):
        self._opacity = value

    def visible(self):
        return self._visible

    def setVisible(self, on):
        self._visible = on

    def locked(self):
        return self._locked

    def setLocked(self, on):
        """Keeps the artist's tools away; `setPixelData` writes all the same, as in Krita."""
        self._locked = on

    def blendingMode(self):
        return self._mode

    def setBlendingMode(self, mode):
        self._mode = mode

    def inheritAlpha(self):
        return self._inherit

    def setInheritAlpha(self, on):
        self._inherit = on

    def _own(self):
        """Pixels with those of children on top, blended in this node's colour space."""
        found = dict(self._pixels)
        for child in self._children:
            for at, v in child._own().items() if child._visible else ():
                pixel = converted(v, child._space, self._space)
                below = found.get(at, bytes(self.pixelSize()))
                found[at] = over(pixel, below, self._space, child._opacity / 255)
        return found

    def bounds(self):
        own = self._own()
        if not own:
            return QtCore.QRect()
        xs, ys = [x for x, _ in own], [y for _, y in own]
        return QtCore.QRect(min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1)

    def pixelData(self, x, y, w, h):
        if self._kind != "paintlayer":
            return QtCore.QByteArray()
        return self._read(self._pixels, x, y, w, h)

    def projectionPixelData(self, x, y, w, h):
        return self._read(self._own(), x, y, w, h)

    def _read(self, pixels, x, y, w, h):
        empty = bytes(self.pixelSize())
        rows = (pixels.get((x + i, y + j), empty) for j in range(h) for i in range(w))
        return QtCore.QByteArray(b"".join(rows))

    def setPixelData(self, data, x, y, w, h):
        assert isinstance(data, (bytes, bytearray, QtCore.QByteArray)), "5.1.5 takes no views"
        size = self.pixelSize()
        if self._kind != "paintlayer" or len(data) < w * h * size or self.refuses:
            return  # fails by saying nothing, as 5.1.5 does
        data = bytes(data)
        for j in range(h):
            for i in range(w):
                at = (j * w + i) * size
                self._pixels[x + i, y + j] = data[at : at + size]

    def addChildNode(self, node, above):
        at = len(self._children) if above is None else self._children.index(above) + 1
        self._children.insert(at, node)
        node._parent = self
        self._doc._did("Add Layer", lambda: self._drop(node), lambda: self._put(node, at))
        if any(view.document() is self._doc for view in Krita.instance()._views):
            QtCore.QTimer.singleShot(ACTIVE_LATER, lambda: self._doc._activate(node))
        return True

    def _drop(self, node):
        self._children.remove(node)
        node._parent = None

    def _put(self, node, at):
        self._children.insert(at, node)
        node._parent = self

    def remove(self):
        parent, at = self._parent, self._parent._children.index(self)
        parent._drop(self)
        self._doc._did("Remove Layer", lambda: parent._put(self, at), lambda: parent._drop(self))
        return True

    def animated(self):
        return False

    def hasKeyframeAtTime(self, time):
        return False

    def pixelDataAtTime(self, x, y, w, h, time):
        return self.pixelData(x, y, w, h)

    def duplicate(self):
        twin = self.copied(self._doc)
        twin._uid = Uid()
        return twin

    def passThroughMode(self):
        return False

    def setPassThroughMode(self, on):
        pass

    def layerStyleToAsl(self):
        return ""

    def setLayerStyleFromAsl(self, style):
        return True

    def setName(self, name):
        self._name = name


class Selection:
    def __init__(self, x=0, y=0, w=0, h=0, value=255):
        self._at = (x, y, w, h)
        self._value = value

    def x(self):
        return self._at[0]

    def y(self):
        return self._at[1]

    def width(self):
        return self._at[2]

    def height(self):
        return self._at[3]

    def pixelData(self, x, y, w, h):
        left, top, wide, high = self._at
        return QtCore.QByteArray(
            bytes(
                self._value if left <= x + i < left + wide and top <= y + j < top + high else 0
                for j in range(h)
                for i in range(w)
            )
        )


class Document:
    def __init__(self, width, height, name="", space=("RGBA", "U8", SRGB)):
        self._size, self._name, self._space = (width, height), name, space
        self._root = Node(self, "root", "grouplayer")
        self._active, self._selection, self._time = None, None, 0
        self._modified, self._annotations, self._file = False, {}, ""
        self._locked = self.at_work = False
        self.refused = 0  # times that Krita was at work when it was asked
        self.undo, self.redo = [], []

    def _did(self, name, back, again):
        self._modified = True
        self.undo.append((name, back, again))
        self.redo.clear()

    def undo_one(self):
        step = self.undo.pop()
        step[1]()
        self.redo.append(step)

    def redo_one(self):
        step = self.redo.pop()
        step[2]()
        self.undo.append(step)

    def tryBarrierLock(self):
        """False while Krita works on the document."""
        self._locked = not self.at_work
        self.refused += self.at_work
        return self._locked

    def unlock(self):
        assert self._locked
        self._locked = False

    def clone(self):
        assert not self.at_work, "Krita ends here"
        other = Document(*self._size, self._name, self._space)
        other._root = self._root.copied(other)
        other._selection, other._file = self._selection, self._file
        return other

    def setColorSpace(self, model, depth, profile):
        """Every layer by itself: blending afterwards happens in the new space."""
        self._space = (model, depth, profile)
        for node in self._walk():
            node.setColorSpace(*self._space)
        return True

    def _walk(self):
        todo = [self._root]
        while todo:
            node = todo.pop()
            yield node
            todo += node._children

    def width(self):
        return self._size[0] if self._root else 0

    def height(self):
        return self._size[1] if self._root else 0

    def resolution(self):
        return 72

    def name(self):
        return self._name

    def setName(self, name):
        self._name = name

    def fileName(self):
        return self._file

    def setFileName(self, path):
        self._file = path

    def save(self):
        """What Ctrl+S does; without a file name Krita asks for one."""
        if not self._file:
            return False
        with open(self._file, "wb") as stream:
            stream.write(b"".join(pixel for _, pixel in sorted(self._root._own().items())))
        self._modified = False
        return True

    def colorModel(self):
        return self._space[0]

    def colorDepth(self):
        return self._space[1]

    def colorProfile(self):
        return self._space[2]

    def rootNode(self):
        return self._root

    def activeNode(self):
        return self._active

    def setActiveNode(self, node):
        self._active = node

    def _activate(self, node):
        """Krita does so a moment after a layer was added to a document that is on screen."""
        if node._parent is not None:
            self._active = node

    def createNode(self, name, kind):
        return Node(self, name, kind)

    def pixelData(self, x, y, w, h):
        return self._root.projectionPixelData(x, y, w, h)

    def selection(self):
        return self._selection

    def setSelection(self, selection):
        self._selection = selection

    def refreshProjection(self):
        pass

    def waitForDone(self):
        pass

    def setBatchmode(self, on):
        pass

    def animationLength(self):
        return 0

    def currentTime(self):
        return self._time

    def setCurrentTime(self, time):
        self._time = time

    def playBackStartTime(self):
        return 0

    def playBackEndTime(self):
        return 0

    def modified(self):
        return self._modified

    def setModified(self, on):
        self._modified = on

    def annotation(self, key):
        assert self._root is not None, "Krita 5.1.5 crashes here"
        return QtCore.QByteArray(self._annotations.get(key, b""))

    def setAnnotation(self, key, description, data):
        assert self._root is not None, "Krita 5.1.5 crashes here"
        self._annotations[key] = bytes(data)
        self._modified = True

    def close(self):
        assert not self._modified, "Krita would ask whether to save it"
        app = Krita.instance()
        app._views = [view for view in app._views if view.document() is not self]
        app._documents = [doc for doc in app._documents if doc is not self]
        self._root = self._active = None
        return True


class Canvas:
    def zoomLevel(self):
        return 1.0

    def rotation(self):
        return 0

    def mirror(self):
        return False

    def wrapAroundMode(self):
        return False


class View:
    def __init__(self, doc):
        self._doc = doc

    def document(self):
        return self._doc

    def canvas(self):
        return Canvas()


class Window:
    def __init__(self):
        self._window = QtWidgets.QMainWindow()
        for name in ("file", "tools"):
            menu = self._window.menuBar().addMenu(name)
            menu.menuAction().setObjectName(name)
        export = self._window.menuBar().actions()[0].menu().addAction("Export")
        export.setObjectName("file_export_file")

    def qwindow(self):
        return self._window

    def activeView(self):
        views = Krita.instance()._views
        return views[-1] if views else None

    def addView(self, doc):
        app = Krita.instance()
        app._views.append(View(doc))
        return app._views[-1]

    def createAction(self, name, text, menu):
        action = QAction(text, self._window)
        action.setObjectName(name)
        for entry in self._window.menuBar().actions():
            if entry.objectName() == menu.split("/")[0]:
                entry.menu().addAction(action)
        return action


class Notifier(QtCore.QObject):
    applicationClosing = QtCore.pyqtSignal()
    windowCreated = QtCore.pyqtSignal()
    imageSaved = QtCore.pyqtSignal(str)

    def setActive(self, on):
        pass


class Krita:
    _one = None

    @classmethod
    def instance(cls):
        if cls._one is None:
            cls._one = cls()
        return cls._one

    def __init__(self):
        self._documents, self._views, self._settings = [], [], {}
        self._extensions, self._factories, self._dockers = [], [], []
        self._notifier, self._window = Notifier(), None
        self.data = os.environ.get("GLASSINE_FAKE_DATA", "/nowhere")

    def open(self, doc):
        """For tests: the document in front, as if the artist had opened it."""
        self._documents.append(doc)
        self.activeWindow().addView(doc)
        return doc

    def front(self, doc):
        self._views.sort(key=lambda view: view.document() is doc)

    def activeDocument(self):
        return self._views[-1].document() if self._views else None

    def documents(self):
        return list(self._documents)

    def createDocument(self, width, height, name, model, depth, profile, resolution):
        doc = Document(width, height, name, (model, depth, profile or SRGB))
        self._documents.append(doc)
        return doc

    def activeWindow(self):
        if self._window is None:
            self._window = Window()
        return self._window

    def windows(self):
        return [self.activeWindow()]

    def dockers(self):
        return self._dockers

    def notifier(self):
        return self._notifier

    def version(self):
        return "5.1.5"

    def readSetting(self, group, name, default):
        return self._settings.get((group, name), default)

    def writeSetting(self, group, name, value):
        assert isinstance(value, str)
        self._settings[group, name] = value

    def getAppDataLocation(self):
        return self.data

    def addExtension(self, extension):
        self._extensions.append(extension)

    def addDockWidgetFactory(self, factory):
        self._factories.append(factory)


class Extension(QtCore.QObject):
    def __init__(self, parent=None):
        super().__init__()


class DockWidget(QtWidgets.QDockWidget):
    pass


class DockWidgetFactoryBase:
    class DockPosition:
        DockRight = 1


class DockWidgetFactory:
    def __init__(self, name, position, kind):
        self.name, self.kind = name, kind
