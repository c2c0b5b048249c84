"""The page for exporting a protected copy: format, size, marks, where to."""

from __future__ import annotations

import os
from collections.abc import Callable

from ..canvas.layers import is_open, key_of
from ..engine.answers import FileMade
from ..engine.catalogue import Catalogue, Row, entry_says
from ..qt import Qt, QtWidgets
from ..studio.choices import Exporting
from ..studio.filenames import (
    bare_name,
    full_path,
    path_refusal,
    same_file,
    suggested_path,
    whole_name,
)
from ..studio.job import Kind, State
from ..studio.settings import read_exporting, read_setting
from ..studio.studio import Studio
from ..words.texts import t
from .claim import Claim
from .marks import Marks, check_box
from .parts import (
    LEAST,
    Scrolled,
    heading,
    push_button,
    quiet_label,
    row_of_widgets,
)
from .slots import follow, guarded

TRAINING = 1024  # pixels; most models learn at this size or below


class ExportPage(QtWidgets.QWidget):
    def __init__(self, studio: Studio, go: Callable[[str], None]) -> None:
        super().__init__()
        self.studio, self._go = studio, go
        self._filled: Catalogue | None = None
        self._made: dict[str, FileMade] = {}  # document -> its last export, as it was measured
        self._key = ""  # of the document whose choices the fields show
        self._agreed, self._question = "", ""  # the file that may be replaced, and what was asked
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(heading(t("export_heading")))
        column.addWidget(Scrolled(self._choices(), LEAST))
        widget, line = row_of_widgets()
        self.save = push_button(t("export_go"), "glassine_export_go", self._export)
        line.addWidget(push_button(t("back"), "glassine_export_back", lambda: go("main")), 1)
        line.addWidget(self.save, 1)
        column.addWidget(widget)
        column.addStretch(1)
        self.path.textChanged.connect(guarded(lambda text: self._ask("")))
        follow(self, self.fill, studio.engine_changed)
        follow(self, self._moved, studio.document_changed)
        follow(self, self._look, studio.jobs.changed)
        self.fill()

    def _choices(self) -> QtWidgets.QWidget:
        """What scrolls in a low docker."""
        widget = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._fields())
        self.weighed = quiet_label()
        self.weighed.setObjectName("glassine_weighed")
        column.addWidget(self.weighed)
        column.addWidget(QtWidgets.QLabel(t("marks_label")))
        self.marks, self.claim = Marks(), Claim()
        column.addWidget(self.marks)
        column.addWidget(self.claim)
        column.addWidget(quiet_label(t("export_hint")))
        self.remind = check_box("remind")
        self.remind.setToolTip(t("remind_tip"))
        self.remind.setChecked(self.studio.reminder.on)
        self.remind.toggled.connect(guarded(self.studio.reminder.switch))
        column.addWidget(self.remind)
        return widget

    def _fields(self) -> QtWidgets.QWidget:
        widget = QtWidgets.QWidget()
        grid = QtWidgets.QGridLayout(widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        self.format_menu, self.size_menu = QtWidgets.QComboBox(), QtWidgets.QComboBox()
        self.quality = QtWidgets.QSpinBox()
        self.quality.setRange(60, 100)
        self.path = QtWidgets.QLineEdit()
        names = ("format", "quality", "size", "path")
        fields: tuple[QtWidgets.QWidget, ...]
        fields = (self.format_menu, self.quality, self.size_menu, self.path)
        for at, (name, field) in enumerate(zip(names, fields, strict=True)):
            label = QtWidgets.QLabel(t(f"{name}_label"))
            label.setBuddy(field)
            field.setObjectName(f"glassine_{name}")
            field.setAccessibleName(t(f"{name}_label"))
            field.setMinimumWidth(40)
            grid.addWidget(label, at, 0)
            grid.addWidget(field, at, 1)
        browse = push_button("…", "glassine_browse", self._browse)
        browse.setAccessibleName(t("browse"))
        browse.setFixedWidth(30)
        grid.addWidget(browse, 3, 2)
        grid.addWidget(self.quality, 1, 1, 1, 2)
        grid.addWidget(self.format_menu, 0, 1, 1, 2)
        grid.addWidget(self.size_menu, 2, 1, 1, 2)
        self.format_menu.activated.connect(guarded(lambda at: self._format_chosen()))
        return widget

    def fill(self) -> None:
        """Lists formats, sites and marks as the engine does. An engine that was started again lists
        them anew; what the artist has typed and chosen meanwhile stays."""
        listed = self.studio.catalogue
        if listed is self._filled:
            return
        chosen = self.how() if self._key and self.format_menu.count() else None
        self._filled = listed
        self.format_menu.clear()
        for entry in listed.usable("formats"):
            self.format_menu.addItem(entry.name.upper(), entry.name)
            words = entry_says("formats", entry.name)
            self.format_menu.setItemData(
                self.format_menu.count() - 1, words, Qt.ItemDataRole.ToolTipRole
            )
        self.size_menu.clear()
        self.size_menu.addItem(t("size_original"), 0)
        self.size_menu.addItem(t("size_training"), TRAINING)
        for entry in listed.of("sites"):
            words = t("size_site", site=entry_says("sites", entry.name), longest=entry.longest)
            self.size_menu.addItem(words, entry.longest)
        self.marks.fill(listed)
        if chosen is None:
            self.shown()
        else:
            self._choose(chosen)
        self._weigh()

    def _look(self) -> None:
        """Remembers how finished exports were measured, since their rows may be closed."""
        for job in self.studio.jobs.all:
            made, doc = job.outcome.made, job.order.doc
            if job.state is State.DONE and isinstance(made, FileMade) and is_open(doc):
                self._made[key_of(doc)] = made
        self._weigh()

    def _weigh(self) -> None:
        """Shows beside each format how large such a file is and how much of the effect it keeps."""
        made = self._made.get(self._key)
        rows = measured_formats(made) if made else {}
        for at in range(self.format_menu.count()):
            name = self.format_menu.itemData(at)
            size, left = rows.get(name, (0, None))
            code = "format_plain" if not size else "format_size" if left is None else "format_keeps"
            fields = {"format": name.upper(), "size": size / 1000, "left": left or 0.0}
            self.format_menu.setItemText(at, t(code, **fields))
        self.weighed.setText(t("formats_measured" if rows else "formats_unmeasured"))

    def shown(self) -> None:
        """Fills the fields with the document's own last choices, else the artist's."""
        doc = self.studio.document
        if doc is None:
            return
        self._key = key_of(doc)
        how = read_exporting(doc)
        self._choose(how)
        self._weigh()
        self.claim.show_artist(self.studio.artist)
        self.path.setText(suggested_path(doc, how, self._suffix()))

    def _moved(self) -> bool:
        """Whether another document has come to the front; the fields then show that one."""
        doc = self.studio.document
        moved = doc is not None and key_of(doc) != self._key
        if moved:
            self.shown()
        return moved

    def _choose(self, how: Exporting) -> None:
        self.format_menu.setCurrentIndex(max(self.format_menu.findData(how.format), 0))
        self.quality.setValue(how.quality)
        self.size_menu.setCurrentIndex(max(self.size_menu.findData(how.longest), 0))
        self.marks.choose(how)
        self._fit()

    def _suffix(self) -> str:
        return next(iter(self._entry().suffixes), ".png")

    def _entry(self) -> Row:
        """The catalogue's row of the format that is chosen."""
        return self.studio.catalogue.row("formats", self.format_menu.currentData() or "png")

    def _suffixes(self) -> set[str]:
        """Suffixes of all formats."""
        rows = self.studio.catalogue.of("formats")
        return {one for entry in rows for one in entry.suffixes}

    def _whole(self, path: str) -> str:
        return whole_name(path, self._suffix(), self._suffixes())

    def _misnamed(self, path: str) -> str:
        """Why the name's suffix does not fit the format, in words, or ""."""
        suffix, entry = os.path.splitext(path)[1].lower(), self._entry()
        fits = suffix in (entry.suffixes or (suffix,))
        return "" if fits else t("other_suffix", suffix=suffix, format=entry.name.upper())

    def _format_chosen(self) -> None:
        """Gives the name the suffix of the format."""
        if self.path.text():
            self.path.setText(bare_name(self.path.text(), self._suffixes()) + self._suffix())
        self._fit()

    def _fit(self) -> None:
        """Marks that the format cannot carry are switched off."""
        name = self.format_menu.currentData()
        self.quality.setEnabled(self.studio.catalogue.row("formats", name or "").lossy)
        self.marks.allow(self.studio.catalogue, name)

    def _browse(self) -> None:
        kind = f"{self.format_menu.currentText()} (*{self._suffix()})"
        path, _ = QtWidgets.QFileDialog.getSaveFileName(self, t("export"), self.path.text(), kind)
        if path:
            self.path.setText(self._whole(path))
            self._agreed = path  # that dialog has asked already

    def how(self) -> Exporting:
        return Exporting(
            format=self.format_menu.currentData() or "png",
            quality=self.quality.value(),
            longest=self.size_menu.currentData() or 0,
            marks=self.marks.chosen(),
            folder=os.path.dirname(self.path.text()),
            keep_path=self.marks.switched("keep_path"),
            sidecar=self.marks.switched("sidecar"),
            keep_private=self.marks.private.isChecked(),
        )

    def _export(self) -> None:
        if self._moved():
            return  # the fields were another document's: the artist has to look again
        doc = self.studio.document
        typed = full_path(self.path.text(), doc, read_setting(Exporting))
        if not typed and doc is not None:
            typed = suggested_path(doc, read_exporting(doc), self._suffix())
            self.path.setText(typed)
        path = self._whole(typed)
        if problem := path_refusal(typed) or path_refusal(path) or self._misnamed(path):
            self.studio.complain(problem)
            return
        if path != self._agreed and self._taken(path):
            self._ask(path)
            return
        self._ask("")
        self.studio.sign(self.claim.artist())
        if self.studio.export(path, self.how()) is not None:
            self._go("main")

    def _taken(self, path: str) -> bool:
        """Whether a file lies there, or an export under way will put one there."""
        jobs = [job for job in self.studio.jobs.all if job.order.kind is Kind.EXPORT]
        awaited = [job.order.path for job in jobs if job.active or job.state is State.ASKING]
        return os.path.exists(path) or any(same_file(one, path) for one in awaited)

    def _ask(self, path: str) -> None:
        """Asks whether that file may be replaced, which the next press says; "": asks no more."""
        self._agreed = path
        self.save.setText(t("export_replace" if path else "export_go"))
        if path:
            self._question = t("file_exists", file=os.path.basename(path))
            self.studio.complain(self._question)
        elif self._question and self.studio.trouble == self._question:
            self.studio.complain("")


def measured_formats(made: FileMade) -> dict[str, tuple[int, float | None]]:
    """Format -> bytes, and the share of the effect that is kept; None: there was none to keep."""
    rows = {offer.format: (offer.bytes, offer.left) for offer in made.offers}
    return {made.format: (made.cost.bytes_after, 1.0), **rows} if rows else {}
