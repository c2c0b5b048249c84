"""Plan -> Protected."""

from .loop import optimise

__all__ = ["optimise"]
