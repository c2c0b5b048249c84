"""Which faces are cloaked: a picture with a box around each, and a button for each box; and what a
cloak is worth, said once."""

from __future__ import annotations

from typing import Any

from ..engine.answers import Box
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..studio.settings import read_text, write_text
from ..studio.studio import Studio
from ..words.texts import t
from .parts import light_up, push_button, quiet_label
from .slots import follow, guarded

AGREED = "face_explained"
ABREAST, HIGH = 8, 160  # buttons in a row; pixels of the picture, at most


class FaceRows(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self._listed: tuple[Box, ...] | None = None
        self.buttons: list[QtWidgets.QPushButton] = []
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._explanation())
        self.picture = FacePicture(studio)
        column.addWidget(self.picture)
        self.says = quiet_label()
        self.says.setObjectName("glassine_faces_say")
        column.addWidget(self.says)
        self._grid = QtWidgets.QGridLayout()
        self._grid.setSpacing(0)
        column.addLayout(self._grid)
        follow(self, self.draw, studio.choice_changed, studio.engine_changed, studio.faces.changed)
        follow(self, self.picture.draw, studio.preview.changed)
        self.draw()

    def _explanation(self) -> QtWidgets.QWidget:
        """What must be known before the first cloak of a face; said once, in the docker."""
        self.explain = QtWidgets.QFrame()
        self.explain.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        column = QtWidgets.QVBoxLayout(self.explain)
        column.addWidget(quiet_label(t("face_explained")))
        column.addWidget(push_button(t("understood"), "glassine_face_understood", self._understood))
        return self.explain

    def draw(self) -> None:
        needs = self.studio.catalogue.needs(self.studio.choice.recipe) or frozenset()
        faces, known = self.studio.faces, bool(read_text(AGREED))
        self.setVisible("faces" in needs)
        self.explain.setVisible(not known)
        if faces.boxes != self._listed:
            self._listed = faces.boxes
            self._fill()
        for button, box in zip(self.buttons, faces.boxes, strict=True):
            button.setChecked(not faces.is_spared(box))
        self.says.setText(t("faces_found" if faces.boxes else "faces_none"))
        self.picture.draw()

    def _fill(self) -> None:
        for button in self.buttons:
            button.setParent(None)
            button.deleteLater()
        self.buttons = [self._made(number) for number in range(1, len(self._listed or ()) + 1)]
        for at, button in enumerate(self.buttons):
            self._grid.addWidget(button, *divmod(at, ABREAST))

    def _made(self, number: int) -> QtWidgets.QPushButton:
        made = QtWidgets.QPushButton(str(number))
        made.setCheckable(True)
        made.setMinimumWidth(20)
        made.setObjectName(f"glassine_face_{number}")
        made.setAccessibleName(t("face_number", number=number))
        made.setToolTip(t("face_number", number=number))
        light_up(made)
        made.clicked.connect(guarded(lambda on: self._switch(number - 1, on)))
        return made

    def _switch(self, at: int, on: bool) -> None:
        faces = self.studio.faces
        faces.spare(faces.boxes[at], not on)

    def _understood(self) -> None:
        write_text(AGREED, "yes")
        self.draw()


class FacePicture(QtWidgets.QWidget):
    """What the preview shows before, with boxes; a click switches the face under it."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self.setObjectName("glassine_face_picture")
        self.draw()

    def draw(self) -> None:
        """As high as its picture is at this width."""
        self.setVisible(self._image() is not None and bool(self.studio.faces.boxes))
        self.setFixedHeight(HIGH)
        self.update()

    def _image(self) -> QtGui.QImage | None:
        return self.studio.preview.pictures.get("before")

    def _shown(self) -> QtCore.QRectF:
        """Where the picture lies in the widget."""
        image = self._image()
        if image is None or not image.width():
            return QtCore.QRectF()
        scale = min(self.width() / image.width(), self.height() / image.height())
        width, height = image.width() * scale, image.height() * scale
        return QtCore.QRectF((self.width() - width) / 2, 0, width, height)

    def box_on_screen(self, box: Box) -> QtCore.QRectF:
        """The box of the document, in the widget's pixels."""
        place, shown = self.studio.preview.place, self._shown()
        if place is None or place.empty:
            return QtCore.QRectF()
        scale = shown.width() / place.width
        left, top, right, bottom = box
        x, y = shown.left() + (left - place.x) * scale, shown.top() + (top - place.y) * scale
        return QtCore.QRectF(x, y, (right - left) * scale, (bottom - top) * scale)

    def paintEvent(self, event: Any) -> None:  # Qt's name
        image = self._image()
        if image is None:
            return
        painter = QtGui.QPainter(self)
        painter.drawImage(self._shown(), image)
        roles = QtGui.QPalette.ColorRole
        for number, box in enumerate(self.studio.faces.boxes, 1):
            spared = self.studio.faces.is_spared(box)
            role = roles.Mid if spared else roles.Highlight
            line = Qt.PenStyle.DashLine if spared else Qt.PenStyle.SolidLine
            painter.setPen(QtGui.QPen(self.palette().color(role), 2, line))
            at = self.box_on_screen(box)
            painter.drawRect(at)
            painter.drawText(at.topLeft() + QtCore.QPointF(3, 12), str(number))

    def mousePressEvent(self, event: Any) -> None:  # Qt's name
        guarded(self._pressed)(QtCore.QPointF(event.pos()))

    def _pressed(self, at: QtCore.QPointF) -> None:
        faces = self.studio.faces
        under = [box for box in faces.boxes if self.box_on_screen(box).contains(at)]
        if under:
            faces.spare(under[0], not faces.is_spared(under[0]))
