"""Export a protected copy: format, size, marks, where to. A page of the docker, not a dialog."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from ..canvas import layers
from ..qt import Qt, QtWidgets
from ..studio import settings
from ..studio.filenames import refusal, same, suggested
from ..studio.settings import Artist, Exporting
from ..studio.studio import Studio
from ..words.texts import t
from .parts import button, follow, guarded, narrow, quiet_label
from .what import row

TRAINING = 1024  # pixels; most models learn at this size or below
RECEIPT, INDENT = "receipt", 18  # the mark that has switches of its own, and pixels before them


class ExportPage(QtWidgets.QWidget):
    def __init__(self, studio: Studio, go: Callable[[str], None]) -> None:
        super().__init__()
        self.studio, self._go = studio, go
        self._marks: dict[str, QtWidgets.QCheckBox] = {}
        self._filled: Any = None
        self._key = ""  # of the document whose choices the fields show
        self._agreed, self._question = "", ""  # the file that may be replaced, and what was asked
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(heading(t("export_heading")))
        column.addWidget(self._fields())
        column.addWidget(QtWidgets.QLabel(t("marks_label")))
        self.marks = QtWidgets.QVBoxLayout()
        self.marks.setSpacing(2)
        column.addLayout(self.marks)
        self._more = {name: switch(name) for name in ("keep_path", "sidecar")}
        self.more = indented(self._more.values())
        self.marks.addWidget(self.more)  # at once: shown without a place it would be a window
        column.addWidget(self._claim())
        column.addWidget(quiet_label(t("export_hint")))
        widget, line = row()
        self.save = button(t("export_go"), "glassine_export_go", self._export)
        line.addWidget(button(t("back"), "glassine_export_back", lambda: go("main")), 1)
        line.addWidget(self.save, 1)
        column.addWidget(widget)
        column.addStretch(1)
        self.path.textChanged.connect(guarded(lambda text: self._ask("")))
        follow(self, self.fill, studio.engine_changed)
        follow(self, self._moved, studio.document_changed)
        self.fill()

    def _fields(self) -> QtWidgets.QWidget:
        widget = QtWidgets.QWidget()
        grid = QtWidgets.QGridLayout(widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        self.format, self.size = QtWidgets.QComboBox(), QtWidgets.QComboBox()
        self.quality = QtWidgets.QSpinBox()
        self.quality.setRange(60, 100)
        self.path = QtWidgets.QLineEdit()
        names = ("format", "quality", "size", "path")
        fields = (self.format, self.quality, self.size, self.path)
        for at, (name, field) in enumerate(zip(names, fields, strict=True)):
            label = QtWidgets.QLabel(t(f"{name}_label"))
            label.setBuddy(field)
            field.setObjectName(f"glassine_{name}")
            field.setAccessibleName(t(f"{name}_label"))
            field.setMinimumWidth(40)
            grid.addWidget(label, at, 0)
            grid.addWidget(field, at, 1)
        browse = button("…", "glassine_browse", self._browse)
        browse.setAccessibleName(t("browse"))
        browse.setFixedWidth(30)
        grid.addWidget(browse, 3, 2)
        grid.addWidget(self.quality, 1, 1, 1, 2)
        grid.addWidget(self.format, 0, 1, 1, 2)
        grid.addWidget(self.size, 2, 1, 1, 2)
        self.format.activated.connect(guarded(lambda at: self._format_chosen()))
        return widget

    def _claim(self) -> QtWidgets.QWidget:
        widget = QtWidgets.QWidget()
        grid = QtWidgets.QGridLayout(widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        self.claim: dict[str, QtWidgets.QLineEdit] = {}
        for at, name in enumerate(("creator", "rights", "url")):
            field = QtWidgets.QLineEdit()
            field.setObjectName(f"glassine_{name}")
            field.setAccessibleName(t(f"{name}_label"))
            field.setPlaceholderText(t(f"{name}_example"))
            label = QtWidgets.QLabel(t(f"{name}_label"))
            label.setBuddy(field)
            grid.addWidget(label, at, 0)
            grid.addWidget(field, at, 1)
            self.claim[name] = field
        return widget

    def fill(self) -> None:
        """Formats, sites and marks as the engine lists them. An engine that was started again
        lists them anew: what the artist has typed and chosen meanwhile stays."""
        listed = self.studio.catalogue
        if listed is self._filled:
            return
        chosen = self.how() if self._key and self.format.count() else None
        self._filled = listed
        self.format.clear()
        for entry in listed.usable("formats"):
            self.format.addItem(entry["name"].upper(), entry["name"])
            words = listed.says("formats", entry["name"])
            self.format.setItemData(self.format.count() - 1, words, Qt.ItemDataRole.ToolTipRole)
        self.size.clear()
        self.size.addItem(t("size_original"), 0)
        self.size.addItem(t("size_training"), TRAINING)
        for entry in listed.of("sites"):
            self.size.addItem(f"{t(entry['says'])} ({entry['longest']} px)", entry["longest"])
        self._list_marks()
        if chosen is None:
            self.shown()
        else:
            self._choose(chosen)

    def _list_marks(self) -> None:
        listed = self.studio.catalogue
        for box in self._marks.values():
            box.deleteLater()
        self._marks = {}
        for entry in listed.of("marks"):
            box = QtWidgets.QCheckBox(listed.says("marks", entry["name"]))
            narrow(box, box.text()).setObjectName(f"glassine_mark_{entry['name']}")
            note = t(f"mark_{entry['name']}_note", default=entry.get("note", ""))
            named = ": ".join(filter(None, (entry["name"], note)))  # as on the command line
            box.setToolTip("\n".join(filter(None, (named, t(entry["missing"])))))
            box.setEnabled(not entry["missing"])
            self.marks.addWidget(box)
            self._marks[entry["name"]] = box
            if entry["name"] == RECEIPT:
                box.toggled.connect(guarded(self.more.setVisible))
                self.marks.addWidget(self.more)

    def shown(self) -> None:
        """The document's own last choice, else the artist's."""
        doc = self.studio.document
        if doc is None:
            return
        self._key = layers.key(doc)
        how = settings.exporting(doc)
        self._choose(how)
        for name, field in self.claim.items():
            field.setText(getattr(self.studio.artist, name))
        self.path.setText(suggested(doc, how, self._suffix()))

    def _moved(self) -> bool:
        """Whether another document is in front than the one in the fields; they show it now."""
        doc = self.studio.document
        moved = doc is not None and layers.key(doc) != self._key
        if moved:
            self.shown()
        return moved

    def _choose(self, how: Exporting) -> None:
        self.format.setCurrentIndex(max(self.format.findData(how.format), 0))
        self.quality.setValue(how.quality)
        self.size.setCurrentIndex(max(self.size.findData(how.longest), 0))
        for name, box in self._marks.items():
            box.setChecked(name in how.marks and box.isEnabled())
        for name, box in self._more.items():
            box.setChecked(getattr(how, name))
        self.more.setVisible(RECEIPT in how.marks and RECEIPT in self._marks)
        self._fit()

    def _suffix(self) -> str:
        return self._entry().get("suffixes", [".png"])[0]

    def _entry(self) -> dict[str, Any]:
        """What the catalogue says of the format that is chosen."""
        return self.studio.catalogue.row("formats", self.format.currentData() or "png")

    def _bare(self, path: str) -> str:
        """Without the suffix of a format; "Study v1.2" has none."""
        rows = self.studio.catalogue.of("formats")
        known = {one for entry in rows for one in entry.get("suffixes", ())}
        bare, suffix = os.path.splitext(path)
        return bare if suffix.lower() in known else path

    def _named(self, path: str) -> str:
        """With a suffix, unless it is the name of a folder."""
        name = not os.path.isdir(path) and bool(os.path.basename(path))
        return path + self._suffix() if name and self._bare(path) == path else path

    def _misnamed(self, path: str) -> str:
        """Why that name is another format's, in words, or ""."""
        suffix, entry = os.path.splitext(path)[1].lower(), self._entry()
        fits = suffix in entry.get("suffixes", (suffix,))
        return "" if fits else t("other_suffix", suffix=suffix, format=entry["name"].upper())

    def _format_chosen(self) -> None:
        """The name follows the format."""
        if self.path.text():
            self.path.setText(self._bare(self.path.text()) + self._suffix())
        self._fit()

    def _fit(self) -> None:
        """Marks that the format cannot carry are switched off."""
        name = self.format.currentData()
        lossy = self.studio.catalogue.row("formats", name or "").get("lossy", False)
        self.quality.setEnabled(bool(lossy))
        for mark, box in self._marks.items():
            entry = self.studio.catalogue.row("marks", mark)
            fits = not entry.get("formats") or name in entry["formats"]
            box.setEnabled(fits and not entry.get("missing"))
            if not box.isEnabled():
                box.setChecked(False)

    def _browse(self) -> None:
        kind = f"{self.format.currentText()} (*{self._suffix()})"
        path, _ = QtWidgets.QFileDialog.getSaveFileName(self, t("export"), self.path.text(), kind)
        if path:
            self.path.setText(self._named(path))
            self._agreed = path  # that dialog has asked already

    def how(self) -> Exporting:
        marks = tuple(name for name, box in self._marks.items() if box.isChecked())
        more = {name: RECEIPT in marks and box.isChecked() for name, box in self._more.items()}
        return Exporting(
            format=self.format.currentData() or "png",
            quality=self.quality.value(),
            longest=self.size.currentData() or 0,
            marks=marks,
            folder=os.path.dirname(self.path.text()),
            **more,
        )

    def _export(self) -> None:
        if self._moved():
            return  # the name that was read belongs to another document: look again
        typed = os.path.expanduser(self.path.text().strip())
        path = self._named(typed)
        if problem := refusal(typed) or refusal(path) or self._misnamed(path):
            self.studio.complain(problem)
            return
        if path != self._agreed and self._taken(path):
            self._ask(path)
            return
        self._ask("")
        self.studio.sign(Artist(**{n: f.text().strip() for n, f in self.claim.items()}))
        if self.studio.export(path, self.how()) is not None:
            self._go("main")

    def _taken(self, path: str) -> bool:
        """A file lies there, or an export that has not ended will put one there."""
        jobs = [job for job in self.studio.jobs.all if job.kind == "export"]
        awaited = [job.path for job in jobs if job.active or job.state == "asking"]
        return os.path.exists(path) or any(same(one, path) for one in awaited)

    def _ask(self, path: str) -> None:
        """Whether that file may be replaced: the next press says so. "" takes the question back."""
        self._agreed = path
        self.save.setText(t("export_replace" if path else "export_go"))
        if path:
            self._question = t("file_exists", file=os.path.basename(path))
            self.studio.complain(self._question)
        elif self._question and self.studio.trouble == self._question:
            self.studio.complain("")


def switch(name: str) -> QtWidgets.QCheckBox:
    box = QtWidgets.QCheckBox(t(name))
    narrow(box, box.text()).setObjectName(f"glassine_{name}")
    return box


def indented(rows: Iterable[QtWidgets.QWidget]) -> QtWidgets.QWidget:
    """One below the other, as what belongs to the line above."""
    widget = QtWidgets.QWidget()
    column = QtWidgets.QVBoxLayout(widget)
    column.setContentsMargins(INDENT, 0, 0, 0)
    column.setSpacing(2)
    for one in rows:
        column.addWidget(one)
    return widget


def heading(text: str) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    label.setAlignment(Qt.AlignmentFlag.AlignLeft)
    return narrow(label)
