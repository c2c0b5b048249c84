"""One line per job: how far it is, how long it will take, and what became of it."""

from __future__ import annotations

import os
from functools import partial

from ..canvas.frames import frame_in_front, frames_in_range
from ..canvas.layers import is_open
from ..engine.answers import FileMade, LayerMade, Measured, Trial
from ..engine.asks import Protect
from ..qt import QtCore, QtGui, QtWidgets
from ..studio.job import Job, Kind, State
from ..studio.job_queue import JobQueue
from ..studio.reports import open_report
from ..studio.studio import Studio
from ..words.amounts import rounded_time
from ..words.gaps import Message, message
from ..words.texts import has_words, in_words, t
from .parts import (
    Elided,
    copy_text,
    push_button,
    quiet_label,
    tool_button,
)
from .slots import follow

FRAMES = ("this_frame", "range_frames", "all_frames")
ANSWERS = (("as_is", "again"), FRAMES, ("go_on", "use_done"), ("elsewhere", "rescue"))
LINES = (("folder", "caption"), ("report", "measure"))
"""Lines of buttons: ANSWERS above the words, LINES below. An answer that a job waits for has to be
in sight in the lowest docker, and the words may be long."""

PLAIN = {
    "doubt.visible": "plain_visible",
    "doubt.blend": "plain_weak",
    "doubt.jpeg": "plain_weak",
    "doubt.little": "plain_weak",
    "doubt.noise": "plain_weak",
    "doubt.embedded": "plain_likenesses",
    "doubt.transfer": "plain_others",
    "doubt.size": "plain_smaller",
}
"""The engine's doubts in a painter's words; its own are in the tool tip and in the report."""


class JobList(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._rows: dict[int, JobRow] = {}
        follow(self, self.draw, studio.jobs.changed)
        follow(self, self.draw, studio.engine_changed)
        self.draw()

    def draw(self) -> None:
        jobs = {id(job): job for job in self.studio.jobs.all}
        for key in [key for key in self._rows if key not in jobs]:
            self._rows.pop(key).deleteLater()
        for key, job in jobs.items():
            if key not in self._rows:
                self._rows[key] = JobRow(self.studio, job)
        for at, job in enumerate(in_order(self.studio.jobs.all)):
            row = self._rows[id(job)]
            if self._column.indexOf(row) != at:
                self._column.insertWidget(at, row)
            row.draw()


def in_order(jobs: list[Job]) -> list[Job]:
    """The job at work first, then the newest."""
    working = [job for job in jobs if job.state in (State.RUNNING, State.PLACING)]
    return working + [job for job in reversed(jobs) if job not in working]


class JobRow(QtWidgets.QFrame):
    def __init__(self, studio: Studio, job: Job) -> None:
        super().__init__()
        self.studio, self.job = studio, job
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self.setObjectName("glassine_job")
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(3)
        self.name = Elided(first_line(job))
        self.bar = QtWidgets.QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.says = quiet_label()
        self.says.setObjectName("glassine_job_says")
        self.buttons = self._all_buttons(studio.jobs, job)
        self.buttons["measure"].setToolTip(t("measure_tip"))
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self.name, 1)
        line.addWidget(self.buttons["cancel"])
        line.addWidget(self.buttons["close"])
        column.addLayout(line)
        column.addWidget(self.bar)
        for names in ANSWERS:
            column.addLayout(self._line(names))
        column.addWidget(self.says)
        for names in LINES:
            column.addLayout(self._line(names))

    def _line(self, names: tuple[str, ...]) -> QtWidgets.QHBoxLayout:
        line = QtWidgets.QHBoxLayout()
        line.setSpacing(4)
        line.addStretch(1)
        for name in names:
            line.addWidget(self.buttons[name])
        return line

    def _all_buttons(self, jobs: JobQueue, job: Job) -> dict[str, QtWidgets.QAbstractButton]:
        return {
            "cancel": push_button(t("cancel"), "glassine_cancel", lambda: jobs.cancel(job)),
            "again": push_button(t("again"), "glassine_again", lambda: jobs.do_again(job)),
            "as_is": push_button(
                t("as_is"), "glassine_as_is", partial(jobs.do_again, job, as_is=True)
            ),
            **{
                one: push_button(t(one), f"glassine_{one}", partial(self._frames, one))
                for one in FRAMES
            },
            "go_on": push_button(t("go_on"), "glassine_go_on", lambda: jobs.go_on(job)),
            "use_done": push_button(t("use_done"), "glassine_use_done", lambda: jobs.use_done(job)),
            "elsewhere": push_button(t("elsewhere"), "glassine_elsewhere", self._elsewhere),
            "report": push_button(t("open_report"), "glassine_report", self._report),
            "measure": push_button(t("measure"), "glassine_measure", lambda: jobs.measure(job)),
            "folder": push_button(t("open_folder"), "glassine_folder", self._folder),
            "caption": push_button(t("copy_caption"), "glassine_job_caption", self._caption),
            "rescue": push_button(t("rescue"), "glassine_rescue", lambda: jobs.rescue(job)),
            "close": tool_button("×", t("dismiss"), "glassine_forget", lambda: jobs.forget(job)),
        }

    def draw(self) -> None:
        job = self.job
        self.bar.setVisible(job.active)
        self.bar.setValue(round(1000 * job.progress.fraction))
        self.name.say(first_line(job))
        words = self._words()
        self.says.setText(words)
        self.says.setVisible(bool(words))
        self.says.setToolTip("\n".join(map(in_words, details(job))))
        done = job.state is State.DONE
        shown = {
            "cancel": job.active,
            "again": job.state is State.ASKING and not job.which_frames,
            **{name: job.which_frames for name in ("this_frame", "all_frames")},
            "range_frames": 1
            < len(frames_of(job, "range_frames"))
            < len(frames_of(job, "all_frames")),
            "go_on": job.unfinished and job.done < len(job.order.frames),
            "use_done": job.unfinished and job.done < len(job.order.frames),
            "measure": job.measurable and self.studio.requests.can("report"),
            "report": done and bool(job.outcome.report),
            "folder": done and job.order.kind is Kind.EXPORT,
            "caption": done and bool(job.outcome.caption),
            "as_is": job.state is State.ASKING and job.order.kind is Kind.EXPORT,
            "elsewhere": job.state is State.KEPT and job.data is not None,
            "rescue": job.state is State.KEPT and job.result is not None,
            "close": not job.active,
        }
        for name, on in shown.items():
            self.buttons[name].setVisible(on)

    def _words(self) -> str:
        job = self.job
        if job.state is State.WAITING:
            ready = self.studio.engine.condition.name == "ready"
            return t("job_waiting" if ready else "job_waits_engine")
        if job.state is State.RUNNING and self.studio.engine.condition.name == "silent":
            return t("job_silent")
        if job.state is State.RUNNING:
            now = job.progress
            left = "" if now.left < 0 else t("time_left", time=rounded_time(now.left))
            return " ".join(part for part in (stage_words(now.stage), left) if part)
        if job.which_frames or (job.unfinished and job.result is None):
            return in_words(job.why) if job.why else ""
        if job.state is not State.DONE:
            return t(f"job_{job.state.value}", why=job.why or "")
        glance = job.outcome.made.glance.sentences if isinstance(job.outcome.made, FileMade) else ()
        rest = " ".join(map(in_words, [*self._result(), *job.outcome.notes]))
        return "\n".join(part for part in (*map(in_words, glance), rest) if part)

    def _result(self) -> list[Message]:
        made = self.job.outcome.made
        if isinstance(made, LayerMade):
            instead = {"replaced", "replaced_all"} & {one.code for one in self.job.outcome.notes}
            return [Message("applied_instead" if instead else "applied")]
        ask = self.job.order.ask
        if isinstance(ask, Protect) and ask.as_is:
            return [Message("exported_as_is")]
        if isinstance(made, FileMade):
            return [
                Message(PLAIN.get(doubt.code, doubt.code), doubt.fields)
                for doubt in made.doubts[:1]
            ]
        return [worst_trials(made.trials)] if isinstance(made, Measured) else []

    def _frames(self, which: str) -> None:
        self.studio.jobs.choose_frames(self.job, frames_of(self.job, which))

    def _report(self) -> None:
        open_report(self.job)

    def _folder(self) -> None:
        folder = os.path.dirname(os.path.abspath(self.job.order.path))
        QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(folder))

    def _elsewhere(self) -> None:
        name = os.path.basename(self.job.order.path)
        start = os.path.join(os.path.expanduser("~"), name)
        path, _ = QtWidgets.QFileDialog.getSaveFileName(self, t("elsewhere"), start)
        if path:
            self.studio.jobs.save_elsewhere(self.job, path)

    def _caption(self) -> None:
        copy_text(self.job.outcome.caption)


def frames_of(job: Job, which: str) -> tuple[int, ...]:
    """The frames that such a button stands for; () where the job asks for none."""
    doc, film = job.order.doc, job.film
    if not job.which_frames or film is None or not is_open(doc):
        return ()
    if which == "this_frame":
        return (frame_in_front(doc, film.times),)
    return film.times if which == "all_frames" else frames_in_range(doc, film.times)


def first_line(job: Job) -> str:
    """What the job is about; for a file that is written, where it is."""
    file, folder = os.path.basename(job.order.path), os.path.dirname(job.order.path)
    if job.order.kind is Kind.REPORT:
        return t("measuring", file=file)
    if job.order.kind is Kind.EXPORT and job.state is State.DONE:
        return t("exported", file=file, folder=folder)
    return file or job.order.name


def details(job: Job) -> list[Message]:
    """The figures behind a result, and the doubts in the engine's words."""
    made = job.outcome.made
    if job.state is not State.DONE or made is None or isinstance(made, Measured):
        return []
    score = made.ssimulacra2 if isinstance(made, LayerMade) else made.cost.ssimulacra2
    doubts = made.doubts if isinstance(made, FileMade) else ()
    return [message("result_tip", score=round(score)), *doubts]


def stage_words(stage: str) -> str:
    """What the engine is doing; general words for a stage that a later engine names."""
    code = f"stage_{stage}"
    return t(code if has_words(code) else "stage_other")


def worst_trials(trials: tuple[Trial, ...]) -> Message:
    """The three after which least is left, in one sentence; the page has them all."""
    tried = sorted((one.left, at, one) for at, one in enumerate(trials) if one.left is not None)
    rows = (message("trial_left", trial=one.says or "", left=left) for left, _, one in tried[:3])
    return message("measured", count=len(tried), worst=tuple(rows) or "–")
