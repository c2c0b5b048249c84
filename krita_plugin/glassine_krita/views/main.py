"""The first page: what to do, how visible, the preview, and buttons to apply and to export."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from ..engine.catalogue import Catalogue, code_of, entry_says
from ..qt import Qt, QtWidgets
from ..studio.preview import SEEN, Due
from ..studio.settings import read_text, write_text
from ..studio.studio import Studio
from ..studio.watch.stale import Stale
from ..words.amounts import rounded_time
from ..words.gaps import Message
from ..words.texts import has_words, in_words, t
from .compare import LOW, LOWEST, MODES, Compare
from .job import JobList
from .parts import (
    Elided,
    Scrolled,
    light_up,
    narrow,
    push_button,
    quiet_label,
    row_of_widgets,
    tool_button,
)
from .slots import follow, guarded
from .what import What

SUBTLE, STRONG = 90, 50  # SSIMULACRA2 at the ends of the slider
VIEW = "view"  # which of MODES the artist has chosen
CHOICES, JOBS, SPACING = 40, 66, 5  # pixels that these keep in a low docker, and between two


class MainPage(QtWidgets.QWidget):
    def __init__(self, studio: Studio, go: Callable[[str], None]) -> None:
        super().__init__()
        self.studio = studio
        self._filled: Catalogue | None = None
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(Scrolled(self._choices(), CHOICES))
        self.compare = Compare()
        column.addWidget(self.compare, 1)
        self.already_protected = Elided()
        self.already_protected.setObjectName("glassine_known")
        column.addWidget(self.already_protected)
        column.addWidget(self._stale_row())
        column.addWidget(self._reminder_row())
        self.apply = push_button(t("apply"), "glassine_apply_button", self._apply)
        self.export = push_button(t("export"), "glassine_export_button", lambda: go("export"))
        widget, line = row_of_widgets()
        line.addWidget(self.apply)  # each as wide as its words: halves would cut the longer ones
        line.addWidget(self.export)
        column.addWidget(widget)
        self.jobs = JobList(studio)
        self.jobs_area = Scrolled(self.jobs, JOBS, 3 * JOBS)
        column.addWidget(self.jobs_area)
        self._follow()

    def _stale_row(self) -> QtWidgets.QWidget:
        """The row about a copy that is out of date; one copy at a time."""
        self.stale, line = row_of_widgets()
        self.stale_says = Elided()
        self.stale_says.setObjectName("glassine_stale")
        line.addWidget(self.stale_says, 1)
        for words, act in (("update", self.studio.update_copy), ("hide", self.studio.hide_copy)):
            line.addWidget(push_button(t(words), f"glassine_{words}", partial(self._on_stale, act)))
        return self.stale

    def _reminder_row(self) -> QtWidgets.QWidget:
        """The row that tells of a file which Krita exported without protection."""
        self.reminder, line = row_of_widgets()
        self.reminder_says = Elided()
        self.reminder_says.setObjectName("glassine_reminder")
        studio = self.studio
        line.addWidget(self.reminder_says, 1)
        line.addWidget(push_button(t("protect_it"), "glassine_protect_it", studio.protect_exported))
        close = tool_button("×", t("dismiss"), "glassine_no_reminder", studio.reminder.dismiss)
        line.addWidget(close)
        return self.reminder

    def draw_reminder(self) -> None:
        path = self.studio.reminder.path
        self.reminder.setVisible(bool(path))
        self.reminder_says.say(t("reminder_says", file=os.path.basename(path)) if path else "")

    def _choices(self) -> QtWidgets.QWidget:
        """What scrolls in a low docker; all else stays in sight."""
        widget = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.what = What(self.studio)
        column.addWidget(self.what)
        column.addWidget(self._visible_rows())
        column.addWidget(self._preview_bar())
        self.says = quiet_label()
        self.says.setObjectName("glassine_preview_says")
        column.addWidget(self.says)
        return widget

    def _follow(self) -> None:
        studio = self.studio
        follow(
            self,
            self.draw,
            studio.choice_changed,
            studio.engine_changed,
            studio.document_changed,
            studio.estimate_changed,
            studio.canvas_preview.changed,
        )
        follow(self, self.draw_preview, studio.preview.changed, studio.stale.changed)
        follow(self, self.draw_already_protected, studio.already_protected.changed)
        follow(self, self.draw_jobs, studio.jobs.changed)
        follow(self, self.draw_stale, studio.stale.changed)
        follow(self, self.draw_reminder, studio.reminder.changed)
        self.draw()
        self.draw_already_protected()
        self.draw_preview()
        self.draw_jobs()
        self.draw_stale()
        self.draw_reminder()

    def _visible_rows(self) -> QtWidgets.QWidget:
        widget = QtWidgets.QWidget()
        grid = QtWidgets.QGridLayout(widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.slider = QtWidgets.QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("glassine_visible")
        self.slider.setRange(0, SUBTLE - STRONG)
        self.slider.setPageStep(5)
        self.slider.valueChanged.connect(
            guarded(lambda at: self.studio.choose(score=float(SUBTLE - at)))
        )
        self.strength = Elided()
        self.effort = QtWidgets.QComboBox()
        self.effort.setObjectName("glassine_effort")
        self.effort.setMinimumWidth(60)
        self.effort.activated.connect(
            guarded(lambda at: self.studio.choose(effort=self.effort.itemData(at)))
        )
        labels = ((t("visible_label"), self.slider), (t("effort_label"), self.effort))
        for at, (text, field) in enumerate(labels):
            label = QtWidgets.QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(text)
            grid.addWidget(label, 2 * at, 0)
            grid.addWidget(field, 2 * at, 1)
        grid.addWidget(self.strength, 1, 1)
        grid.addWidget(self._suits_row(), 3, 0, 1, 2)
        return widget

    def _suits_row(self) -> QtWidgets.QWidget:
        """What kind of picture the engine takes it for, and the strength to begin with."""
        self.suits, line = row_of_widgets()
        self.suits_says = Elided()
        self.suits_says.setObjectName("glassine_suits")
        self.use_it = push_button(t("use_it"), "glassine_use_it", self._use_it)
        line.addWidget(self.suits_says, 1)
        line.addWidget(self.use_it)
        return self.suits

    def draw_suits(self) -> None:
        """Shows the advice; the slider is moved only by the artist."""
        listed, about = self.studio.catalogue, self.studio.preview.about
        row, code = listed.row("strengths", about.start), f"art.{about.art}"
        known = bool(self.studio.preview.pictures and row.name) and has_words(code)
        self.suits.setVisible(known)
        if known:
            strength = entry_says("strengths", row.name)
            self.suits_says.say(t("suits_says", kind=Message(code), strength=strength))
            chosen = listed.strength(self.studio.choice.score)
            self.use_it.setVisible(chosen != row.name)

    def _use_it(self) -> None:
        row = self.studio.catalogue.row("strengths", self.studio.preview.about.start)
        if row.name:
            self.studio.choose(score=row.score)

    def _preview_bar(self) -> QtWidgets.QWidget:
        """Buttons for what the view compares; below them, on canvas and refresh."""
        widget = QtWidgets.QWidget()
        grid = QtWidgets.QGridLayout(widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(3)
        self.modes = QtWidgets.QButtonGroup(self)
        self.mode_buttons = {name: self._mode_button(name) for name in MODES}
        for at, made in enumerate(self.mode_buttons.values()):
            self.modes.addButton(made)
            grid.addWidget(made, 0, at)
            grid.setColumnStretch(at, 1)
        self.canvas = narrow(QtWidgets.QCheckBox(t("on_canvas")))
        self.canvas.setObjectName("glassine_on_canvas")
        self.canvas.setToolTip(t("on_canvas_tip"))
        self.canvas.clicked.connect(guarded(lambda on=False: self.studio.show_on_canvas(on)))
        grid.addWidget(self.canvas, 1, 0, 1, 2)
        again = tool_button(
            t("refresh"), t("refresh_tip"), "glassine_refresh", self.studio.preview.refresh
        )
        grid.addWidget(again, 1, 2, Qt.AlignmentFlag.AlignRight)
        return widget

    def _mode_button(self, name: str) -> QtWidgets.QPushButton:
        made = QtWidgets.QPushButton(t(f"mode_{name}"))
        made.setToolTip(t(f"mode_{name}_tip"))
        made.setCheckable(True)
        made.setObjectName(f"glassine_mode_{name}")
        light_up(made)
        made.clicked.connect(guarded(lambda checked=False: self._mode(name)))
        return narrow(made)

    def shown(self) -> None:
        self.studio.look()

    def _fill(self) -> None:
        """Fills the menu anew when the engine has sent a new list."""
        if self.studio.catalogue is not self._filled:
            self._filled = self.studio.catalogue
            self.effort.clear()
            for row in self._filled.usable("efforts"):
                self.effort.addItem(entry_says("efforts", row.name), row.name)

    def draw(self) -> None:
        studio, choice = self.studio, self.studio.choice
        self._fill()
        self.slider.blockSignals(True)
        self.slider.setValue(round(SUBTLE - choice.score))
        self.slider.blockSignals(False)
        self.strength.say(strength_words(studio.catalogue, choice.score))
        self.slider.setToolTip(t("visible_tip", score=round(choice.score)))
        self.effort.setCurrentIndex(self.effort.findData(choice.effort))  # none: a later version's
        for at in range(self.effort.count()):
            name = self.effort.itemData(at)
            seconds = studio.seconds.get(name)
            time = "" if seconds is None else " – " + rounded_time(seconds)
            self.effort.setItemText(at, entry_says("efforts", name) + time)
        there = studio.document is not None
        possible = there and studio.engine.condition.name != "absent" and studio.intent.complete
        self.apply.setEnabled(possible)
        self.apply.setText(t("apply" if choice.scope != "picture" else "apply_picture"))
        self.export.setEnabled(possible)
        self.canvas.setEnabled(there and studio.engine.condition.name == "ready")
        self.canvas.setChecked(studio.canvas_preview.on)
        self.draw_suits()

    def draw_already_protected(self) -> None:
        why = self.studio.already_protected.says
        self.already_protected.say(t("known_says", why=why) if why else "")
        self.already_protected.setVisible(why is not None)

    def draw_jobs(self) -> None:
        self.jobs_area.setVisible(bool(self.studio.jobs.all))
        self._give_way()

    def resizeEvent(self, event: Any) -> None:  # Qt's name
        super().resizeEvent(event)
        self._give_way()

    def _give_way(self) -> None:
        """Shrinks the preview where it and a job do not fit, so that buttons stay in sight."""
        needed = CHOICES + LOW + JOBS + self.apply.sizeHint().height() + 4 * SPACING
        low = bool(self.studio.jobs.all) and self.height() < needed
        self.compare.keep(LOWEST if low else LOW)

    def draw_preview(self) -> None:
        preview = self.studio.preview
        words = in_words(preview.why) if preview.why else t("preview_busy") if preview.busy else ""
        self.compare.blind = preview.blind
        self._show_mode()
        outdated = self.studio.stale.outdated and not preview.busy
        earlier = self.compare.mode == "sees" and preview.view_is_earlier
        late = "preview_outdated" if outdated else "view_earlier" if earlier else ""
        self.compare.note = t(late) if late else ""
        self.compare.show_pictures(preview.pictures, words)
        self.says.setText(self._about())
        self.says.setVisible(bool(self.says.text()))
        self.draw_suits()

    def _about(self) -> str:
        """What the preview shows: its size, its goals, and what is still coming."""
        pictures, about = self.studio.preview.pictures, self.studio.preview.about
        if not pictures:
            return ""
        size = f"{about.width} × {about.height}"
        if self.studio.preview.stale:
            return t("preview_busy")
        coming = {Due.FINE: "preview_finer", Due.VIEW: "preview_view"}
        code = coming.get(self.studio.preview.due) if self.studio.preview.busy else None
        busy = " " + t(code) if code else ""
        return t("preview_about", goals=tuple(map(goal_as_listed, about.goals)), size=size) + busy

    def draw_stale(self) -> None:
        rows = self.studio.stale.rows
        self.stale.setVisible(bool(rows))
        self.stale_says.say(t("stale_says", layer=rows[0].name) if rows else "")

    def _on_stale(self, act: Callable[[Stale], object]) -> None:
        for row in self.studio.stale.rows[:1]:
            act(row)

    def _mode(self, name: str) -> None:
        """Shows that view from now on: the artist has chosen it."""
        write_text(VIEW, name)
        self.draw_preview()

    def _show_mode(self) -> None:
        """Shows the view that the artist chose, else a model's once it is there, but not while the
        artist is looking around in the comparison."""
        chosen = read_text(VIEW)
        there = any(name in self.studio.preview.pictures for name in SEEN)
        free = not self.compare.touched or self.compare.mode == "sees"
        mode = chosen if chosen in MODES else "sees" if there and free else "wipe"
        if mode != self.compare.mode:
            self.compare.touched = False
        self.compare.show_mode(mode)
        self.mode_buttons[mode].setChecked(True)

    def _apply(self) -> None:
        self.studio.apply()


def goal_as_listed(goal: Message) -> Message:
    """The goal with its style named as the menu names it."""
    code = code_of("styles", str(goal.fields.get("style")))
    return Message(goal.code, {**goal.fields, "style": Message(code)}) if has_words(code) else goal


def strength_words(listed: Catalogue, score: float) -> str:
    """The name of the engine's strength that is nearest to that score."""
    name = listed.strength(score)
    return entry_says("strengths", name) if name else ""
