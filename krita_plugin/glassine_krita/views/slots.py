"""Slots that do no harm: they say what went wrong, and are disconnected with their widget."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable
from typing import Any

from ..qt import QtWidgets
from ..studio.instance import studio
from ..words.texts import t


def guarded(slot: Callable[..., object]) -> Callable[..., None]:
    """Krita turns an exception in a slot into a modal dialog; here it goes to the docker."""

    def run(*args: Any) -> None:
        try:
            slot(*args)
        except Exception:
            traceback.print_exc()
            studio().complain_later(t("bug"), traceback.format_exc())

    return run


def follow(widget: QtWidgets.QWidget, slot: Callable[..., object], *signals: Any) -> None:
    """Connects for as long as the widget lives: windows close, the studio stays."""
    run = guarded(slot)
    for signal in signals:
        signal.connect(run)

    def part(*_: Any) -> None:
        for signal in signals:
            with contextlib.suppress(TypeError, RuntimeError):
                signal.disconnect(run)

    widget.destroyed.connect(part)
