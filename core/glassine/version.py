"""The engine's version. All other code asks here."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

CHECKOUT = "checkout"
"""What stands for the version where the engine runs from its source and was never installed."""


def engine_version() -> str:
    try:
        return version("glassine")
    except PackageNotFoundError:
        return CHECKOUT
