"""Which engine this is. Whoever tells it asks here."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

CHECKOUT = "checkout"
"""In the version's place where it runs from its source and was never installed."""


def engine_version() -> str:
    try:
        return version("glassine")
    except PackageNotFoundError:
        return CHECKOUT
