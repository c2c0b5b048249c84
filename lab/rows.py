"""Results as lines of JSON, one a row, so that a run that was stopped resumes after them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def rows(file: Path) -> list[Row]:
    """What was measured before; nothing where there is no file yet."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def add(file: Path, row: Row) -> str:
    """Adds the row as it is; returns its line."""
    line = json.dumps(row)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as stream:
        stream.write(line + "\n")
    return line


def note(file: Path, row: Row) -> None:
    """Adds the row with four digits, and prints it."""
    short = {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}
    print(add(file, short), flush=True)
