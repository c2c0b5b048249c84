"""What this engine computes on: as Krita started it, with $GLASSINE_DEVICE, or the fastest."""

from __future__ import annotations

import os

from ..device import Device, choose


def wish() -> str:
    """As `plan` takes it. It holds for the process: what was timed and loaded holds for it too."""
    return os.environ.get("GLASSINE_DEVICE") or "auto"


def device() -> Device:
    return choose(wish())
