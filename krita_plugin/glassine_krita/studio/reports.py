"""The report of an export, opened in the browser. It is on the disk only when it is asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..install.installed import home
from ..qt import QtCore, QtGui
from .jobs import Job


def written(job: Job) -> Path:
    """Named after the file it is about, so that asking twice writes once; private."""
    folder = home() / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    mark = hashlib.sha256(job.report).hexdigest()[:8]
    path = folder / f"{Path(job.path).stem}-{mark}.html"
    path.write_bytes(job.report)
    return path


def opened(job: Job) -> Path:
    path = written(job)
    QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(str(path)))
    return path
