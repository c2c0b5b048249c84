"""An upload to Mastodon."""

from .sites import site

ENTRY = site("mastodon")
