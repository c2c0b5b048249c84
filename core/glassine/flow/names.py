"""The names that Glassine gives to files: copies, their pages, receipts and sheets of styles."""

from __future__ import annotations

from pathlib import Path

OURS = ".glassine"
"""Stands before the suffix of every copy's name, so that nobody posts the original by mistake."""


def copy_name(stem: str, suffix: str) -> str:
    """painting.glassine.png"""
    return f"{stem}{OURS}{suffix}"


def has_copy_name(path: Path) -> bool:
    return f"{OURS}." in path.name


def original_stem(copy: Path) -> str:
    """painting.glassine.png -> painting"""
    return copy.stem.removesuffix(OURS)


def page_names(picture: Path) -> tuple[Path, Path]:
    """The two names that its page may have: painting.html and painting.jpg.html."""
    return picture.with_suffix(".html"), picture.with_name(f"{picture.name}.html")


def receipt_path(copy: Path) -> Path:
    """painting.glassine.png.receipt.json"""
    return copy.with_name(f"{copy.name}.receipt.json")


def report_path(picture: Path) -> Path:
    """painting.report.html for a PNG, painting.jpg.report.html for a JPEG: no two share a page."""
    return picture.with_name(f"{stem_beside_formats(picture)}.report.html")


def sheet_path(picture: Path) -> Path:
    """painting.styles.png for a PNG, painting.jpg.styles.png for a JPEG: no two share a sheet."""
    return picture.with_name(f"{stem_beside_formats(picture)}.styles.png")


def stem_beside_formats(picture: Path) -> str:
    """painting for painting.png, but painting.jpg for painting.jpg: only a PNG has a short name."""
    return picture.stem if picture.suffix.lower() == ".png" else picture.name
