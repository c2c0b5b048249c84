"""An upload to Facebook."""

from .sites import site

ENTRY = site("facebook")
