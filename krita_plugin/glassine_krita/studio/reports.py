"""The report of an export, opened in the browser. It is on the disk only when it is asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..install.installed import engine_folder
from ..qt import QtCore, QtGui
from .job import Job


def write_report(job: Job) -> Path:
    """Its name comes from its file and contents, so that opening it twice writes one; private."""
    folder = engine_folder() / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    mark = hashlib.sha256(job.outcome.report).hexdigest()[:8]
    path = folder / f"{Path(job.order.path).stem}-{mark}.html"
    path.write_bytes(job.outcome.report)
    return path


def open_report(job: Job) -> Path:
    path = write_report(job)
    QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(str(path)))
    return path
