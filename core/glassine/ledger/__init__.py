"""What was exported here, when, with which settings, and what it looks like.

A file belongs here that writes or reads the artist's own record of exports."""

from .store import (
    Entry,
    broken,
    by_sha256,
    check_writable,
    entries,
    find_export,
    is_sidecar,
    issue,
    keep_path,
    ledger_path,
    never_published,
    publish,
    record_export,
)

__all__ = [
    "Entry",
    "broken",
    "by_sha256",
    "check_writable",
    "entries",
    "find_export",
    "is_sidecar",
    "issue",
    "keep_path",
    "ledger_path",
    "never_published",
    "publish",
    "record_export",
]
