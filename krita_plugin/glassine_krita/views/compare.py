"""Before and after under a line that wipes; the difference; what a model sees, in tiles."""

from __future__ import annotations

from typing import Any

from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..studio.preview import SEEN
from ..words.texts import t
from .tiles import tile_at, tiles

MODES = ("wipe", "difference", "sees")
PAIRS = {
    "wipe": ("before", "after"),
    "difference": ("difference", "difference"),
    "sees": ("sees_before", "sees_after"),
}
WORDINGS = tuple(
    dict(zip(SEEN, codes, strict=True))
    for codes in (
        SEEN,
        ("before", "after", "goal_label", "difference_label"),
        ("before", "after", "goal_label", "difference_short"),
    )
)
"""Labels of a model's view. "Model" is left out of all of them where one does not fit: it stands on
the button anyway."""
PAD = 14  # pixels that a label needs beside its words
GRIP = 10  # pixels around the wipe's line in which it can be grabbed
MOST = 16.0  # times, the largest zoom
STEP = 1.25  # times, of one notch or key
LOW, LOWEST = 104, 28  # pixels that the view keeps in a low docker, and beside a job in it
NOTCH = 120  # eighths of a degree: one click of a mouse wheel


class Compare(QtWidgets.QWidget):
    """Wheel: zoom. Drag: pan, or move the line. Keys: + - 0 zoom, arrows pan, < > move the line."""

    def __init__(self) -> None:
        super().__init__()
        self.mode = "wipe"
        self.words = self.note = ""  # shown instead of a picture; shown over its lower edge
        self.blind = False  # no model here can show what it sees
        self.touched = False  # the artist has looked around in it
        self._pictures: dict[str, QtGui.QImage] = {}
        self._wipe, self._zoom, self._least = 0.5, 1.0, LOW
        self._centre = QtCore.QPointF(0.5, 0.5)  # share of the picture in the middle of the view
        self._held: QtCore.QPointF | None = None
        self._on_line = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(t("compare_name"))
        self.setToolTip(t("compare_tip"))
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Expanding)

    def show_pictures(self, pictures: dict[str, QtGui.QImage], words: str) -> None:
        self._pictures, self.words = pictures, words
        self.update()

    def show_mode(self, mode: str) -> None:
        self.mode = mode
        self.update()

    @property
    def wipe(self) -> float:
        return self._wipe

    def sizeHint(self) -> QtCore.QSize:  # Qt's name
        return QtCore.QSize(260, 150)  # more where there is room: it is what stretches

    def minimumSizeHint(self) -> QtCore.QSize:  # Qt's name
        """Less in a very low docker, where it must not reach over the buttons below it."""
        return QtCore.QSize(20, self._least)

    def keep(self, least: int) -> None:
        """Sets the height that it keeps in a low docker, in pixels."""
        if least != self._least:
            self._least = least
            self.updateGeometry()

    # geometry

    def _pair(self) -> tuple[QtGui.QImage | None, QtGui.QImage | None]:
        left, right = PAIRS[self.mode]
        return self._pictures.get(left), self._pictures.get(right)

    def _place(self, image: QtGui.QImage, area: QtCore.QRectF) -> QtCore.QRectF:
        """Where the whole picture lies that is shown in that part of the widget."""
        fit = min(area.width() / image.width(), area.height() / image.height())
        width, height = image.width() * fit * self._zoom, image.height() * fit * self._zoom
        x = area.center().x() - self._centre.x() * width
        y = area.center().y() - self._centre.y() * height
        return QtCore.QRectF(x, y, width, height)

    def _seen(self) -> list[tuple[str, QtGui.QImage, QtCore.QRectF]]:
        """The pictures of a model's view: name, picture, part of the widget."""
        there = [(name, self._pictures[name]) for name in SEEN if name in self._pictures]
        parts = tiles(self._whole(), len(there), there[0][1].size()) if there else []
        return [(name, image, part) for (name, image), part in zip(there, parts, strict=True)]

    def _whole(self) -> QtCore.QRectF:
        return QtCore.QRectF(self.rect())

    def _area(self, at: QtCore.QPointF) -> QtCore.QRectF:
        """The part of the widget that shows the picture under that point."""
        parts = [part for _, _, part in self._seen()] if self.mode == "sees" else []
        return tile_at(parts, at) or self._whole()

    def _zoom_to(self, zoom: float, at: QtCore.QPointF) -> None:
        image = self._pair()[0]
        if image is None:
            return
        area = self._area(at)
        before = self._place(image, area)
        share_x = (at.x() - before.x()) / before.width()
        share_y = (at.y() - before.y()) / before.height()
        self._zoom = min(max(zoom, 1.0), MOST)
        after = self._place(image, area)
        self._centre += QtCore.QPointF(
            share_x - (at.x() - after.x()) / after.width(),
            share_y - (at.y() - after.y()) / after.height(),
        )
        self._keep_inside()

    def _keep_inside(self) -> None:
        slack = 0.5 - 0.5 / self._zoom
        inside = (min(max(c, 0.5 - slack), 0.5 + slack) for c in self._xy())
        self._centre = QtCore.QPointF(*inside)
        self.update()

    def _xy(self) -> tuple[float, float]:
        return self._centre.x(), self._centre.y()

    # painting

    def paintEvent(self, event: QtGui.QPaintEvent | None) -> None:  # Qt's name
        painter = QtGui.QPainter(self)
        palette = self.palette()
        painter.fillRect(self.rect(), palette.color(QtGui.QPalette.ColorRole.Base).darker(108))
        left, right = self._pair()
        if left is None or right is None:
            self._paint_words(painter, self.rect(), self._why_empty())
        else:
            if self.mode == "sees":
                self._paint_seen(painter)
            else:
                self._paint_pictures(painter, left, right)
            painter.setClipping(False)
            self._paint_note(painter)
        if self.hasFocus():
            pen = QtGui.QPen(palette.color(QtGui.QPalette.ColorRole.Highlight))
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_pictures(
        self, painter: QtGui.QPainter, left: QtGui.QImage, right: QtGui.QImage
    ) -> None:
        place = self._place(left, self._whole())
        self._smooth(painter, place, left)
        shown = place.intersected(self._whole())
        line = shown.x() + self._wipe * shown.width()
        painter.fillRect(shown, QtGui.QBrush(chequers()))
        if self.mode == "difference":
            painter.drawImage(place, left)
            self._label(painter, t("difference_label"), shown, False)
            return
        for image, x, width in (
            (left, shown.x(), line - shown.x()),
            (right, line, shown.right() - line),
        ):
            painter.setClipRect(QtCore.QRectF(x, shown.y(), width, shown.height()))
            painter.drawImage(place, image)
        painter.setClipping(False)
        for colour, wide in ((QtGui.QColor(0, 0, 0, 140), 3), (QtGui.QColor(255, 255, 255), 1)):
            painter.setPen(QtGui.QPen(colour, wide))
            painter.drawLine(QtCore.QPointF(line, shown.y()), QtCore.QPointF(line, shown.bottom()))
        metrics, words = QtGui.QFontMetricsF(small(self.font())), (t("before"), t("after"))
        if sum(metrics.size(0, text).width() + PAD for text in words) <= shown.width():
            for text, at_end in zip(words, (False, True), strict=True):
                self._label(painter, text, shown, at_end)

    def _paint_seen(self, painter: QtGui.QPainter) -> None:
        """Original, copy, goal and the difference of the first two, each in a part of its own."""
        seen = self._seen()
        shown = {name: self._place(image, part).intersected(part) for name, image, part in seen}
        labels = self._labels({name: place.width() for name, place in shown.items()})
        for name, image, part in seen:
            place = self._place(image, part)
            self._smooth(painter, place, image)
            painter.setClipRect(part)
            painter.fillRect(place, QtGui.QBrush(chequers()))
            painter.drawImage(place, image)
            self._label(painter, labels[name], shown[name], False)

    def _labels(self, widths: dict[str, float]) -> dict[str, str]:
        """Labels in the longest wording that fits onto all pictures; else the shortest, cut.

        widths  of the visible parts of the pictures, in pixels
        """
        metrics = QtGui.QFontMetricsF(small(self.font()))
        for codes in WORDINGS:
            words = {name: t(codes[name]) for name in widths}
            if all(metrics.size(0, words[name]).width() < widths[name] - PAD for name in widths):
                return words
        mode = Qt.TextElideMode.ElideRight
        return {name: metrics.elidedText(words[name], mode, widths[name] - PAD) for name in widths}

    def _smooth(self, painter: QtGui.QPainter, place: QtCore.QRectF, image: QtGui.QImage) -> None:
        """Smooths the picture unless it is enlarged so far that single pixels are seen."""
        smooth = place.width() < 3 * image.width()
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform, smooth)

    def _label(self, painter: QtGui.QPainter, text: str, shown: QtCore.QRectF, right: bool) -> None:
        """Writes a label over an upper corner of what is shown."""
        font = small(self.font())
        painter.setFont(font)
        size = QtGui.QFontMetricsF(font).size(0, text)
        x = shown.right() - size.width() - PAD if right else shown.x() + 4
        box = QtCore.QRectF(x, shown.y() + 4, size.width() + 10, size.height() + 4)
        painter.fillRect(box, QtGui.QColor(0, 0, 0, 150))
        painter.setPen(QtGui.QColor(255, 255, 255))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)

    def _paint_note(self, painter: QtGui.QPainter) -> None:
        """Writes the note over the lower edge of the widget."""
        if self.note:
            high = painter.fontMetrics().height() + 6
            line = QtCore.QRect(0, self.height() - high, self.width(), high)
            roles = QtGui.QPalette.ColorRole
            painter.fillRect(line, self.palette().color(roles.Highlight))
            painter.setPen(self.palette().color(roles.HighlightedText))
            painter.drawText(line, int(Qt.AlignmentFlag.AlignCenter), self.note)

    def _why_empty(self) -> str:
        """Words instead of a picture; a model's view needs a decoder, which may not be here."""
        blind = self.mode == "sees" and "before" in self._pictures and self.blind
        return t("sees_nothing") if blind else self.words or t("preview_none")

    def _paint_words(self, painter: QtGui.QPainter, area: QtCore.QRect, words: str) -> None:
        painter.setPen(self.palette().color(QtGui.QPalette.ColorRole.Text))
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(area.adjusted(12, 12, -12, -12), flags, words)

    # mouse and keys

    def wheelEvent(self, event: Any) -> None:  # Qt's name
        notches = event.angleDelta().y() / NOTCH  # a touchpad sends parts, and 0 for sideways
        self._zoom_to(self._zoom * STEP**notches, event_point(event))
        event.accept()
        self.touched = True

    def mousePressEvent(self, event: Any) -> None:  # Qt's name
        self.touched = True
        self._held = event_point(event)
        self._on_line = self._near_line(self._held)

    def mouseMoveEvent(self, event: Any) -> None:  # Qt's name
        at, image = event_point(event), self._pair()[0]
        near = self._near_line(at)
        shape = Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        if self._held is None or image is None:
            return
        place = self._place(image, self._area(self._held))
        if self._on_line or self._zoom == 1.0:
            shown = place.intersected(self._whole())
            self._wipe = min(max((at.x() - shown.x()) / shown.width(), 0.0), 1.0)
            self.update()
        else:
            moved = at - self._held
            self._centre -= QtCore.QPointF(moved.x() / place.width(), moved.y() / place.height())
            self._keep_inside()
        self._held = at

    def mouseReleaseEvent(self, event: Any) -> None:  # Qt's name
        self._held = None

    def mouseDoubleClickEvent(self, event: Any) -> None:  # Qt's name
        self._zoom_to(1.0 if self._zoom > 1.0 else 4.0, event_point(event))

    def keyPressEvent(self, event: Any) -> None:  # Qt's name
        self.touched = True
        middle = QtCore.QPointF(self.width() / 2, self.height() / 2)
        key, pan = event.key(), 0.1 / self._zoom
        moves = {
            Qt.Key.Key_Left: (-pan, 0),
            Qt.Key.Key_Right: (pan, 0),
            Qt.Key.Key_Up: (0, -pan),
            Qt.Key.Key_Down: (0, pan),
        }
        if event.text() in ("+", "="):
            self._zoom_to(self._zoom * STEP, middle)
        elif event.text() == "-":
            self._zoom_to(self._zoom / STEP, middle)
        elif event.text() == "0":
            self._zoom_to(1.0, middle)
        elif event.text() in ("<", ",", ">", "."):
            by = -0.05 if event.text() in "<," else 0.05
            self._wipe = min(max(self._wipe + by, 0.0), 1.0)
            self.update()
        elif key in moves and self._zoom > 1.0:
            self._centre += QtCore.QPointF(*moves[key])
            self._keep_inside()
        else:
            super().keyPressEvent(event)

    def _near_line(self, at: QtCore.QPointF) -> bool:
        image = self._pair()[0]
        if image is None or self.mode != "wipe":
            return False
        shown = self._place(image, self._whole()).intersected(self._whole())
        return abs(at.x() - shown.x() - self._wipe * shown.width()) < GRIP


def small(font: QtGui.QFont) -> QtGui.QFont:
    """That font made smaller, for labels."""
    font.setPointSizeF(font.pointSizeF() * 0.85)
    return font


def event_point(event: Any) -> QtCore.QPointF:
    """Where the event is: Qt 6 and Qt 5 name it differently."""
    at: QtCore.QPointF
    at = event.position() if hasattr(event, "position") else QtCore.QPointF(event.pos())
    return at


def chequers() -> QtGui.QPixmap:
    """What shows through transparent parts."""
    pixmap = QtGui.QPixmap(16, 16)
    pixmap.fill(QtGui.QColor(200, 200, 200))
    painter = QtGui.QPainter(pixmap)
    painter.fillRect(0, 0, 8, 8, QtGui.QColor(160, 160, 160))
    painter.fillRect(8, 8, 8, 8, QtGui.QColor(160, 160, 160))
    painter.end()
    return pixmap
