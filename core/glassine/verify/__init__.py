"""Protected -> report: what it cost, what it changed, what survives, and why to doubt it."""

from .render import html
from .report import verify
from .schema import SCHEMA, plain

__all__ = ["SCHEMA", "html", "plain", "verify"]
