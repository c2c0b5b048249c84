"""What the artist copies into a bug report: no picture, no file's name, nothing that is theirs."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ..canvas.layers import app, open_documents
from ..engine.process import Condition
from ..qt import QtCore
from ..words.redaction import redacted
from ..words.texts import FALLBACK, in_words


def bug_report(
    trouble: str, condition: Condition, logs: Iterable[str], files: Iterable[str]
) -> str:
    """files  what was exported; the names of the open documents are left out as well"""
    hello, device = condition.hello, condition.hello.device.says
    lines = (
        trouble,
        f"Python {sys.version.split()[0]}, Qt {QtCore.qVersion()}, {sys.platform}",
        f"Krita {app().version()}",
        f"engine {hello.version} {condition.name} {in_words(device, FALLBACK) if device else ''}",
        "",
        *logs,
    )
    opened = [doc.fileName() for doc in open_documents()]
    return redacted("\n".join(lines), [*opened, *files])
