#!/usr/bin/env python3
"""Builds the Krita plugin's zip, with the engine's wheel inside, for Krita's own importer.

    build_plugin.py [--out DIR] [--no-engine]

Krita's importer needs an entry for every folder and turns symbolic links into files. So the zip has
folders and no links, and is read back by the importer's own rules before its name is printed.
"""

from __future__ import annotations

import argparse
import ast
import base64
import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "krita_plugin"
MODULE = "glassine_krita"
WANTED = {".py", ".json", ".action", ".html", ".svg", ".png"}
WHEN = (2026, 1, 1, 0, 0, 0)  # the same files give the same zip


def version() -> str:
    """The plugin's version, which must be the same as the engine's."""
    tree = ast.parse((SOURCE / MODULE / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "VERSION":
            return str(ast.literal_eval(node.value))
    raise SystemExit("The plugin's __init__.py names no VERSION.")


def files() -> list[tuple[str, bytes]]:
    """(name in the zip, contents), sorted; folders end with a slash and come first."""
    found = [(f"{MODULE}.desktop", (SOURCE / f"{MODULE}.desktop").read_bytes())]
    for path in sorted((SOURCE / MODULE).rglob("*")):
        name = path.relative_to(SOURCE).as_posix()
        if "__pycache__" in name or name.startswith(f"{MODULE}/wheels"):
            continue
        if path.is_dir():
            found.append((name + "/", b""))
        elif path.name == "Manual.html":
            found.append((name, with_pictures(path.read_text("utf-8")).encode()))
        elif path.suffix in WANTED:
            found.append((name, path.read_bytes()))
    found.append((f"{MODULE}/", b""))
    found.append((f"{MODULE}/LICENSE", (ROOT / "LICENSE").read_bytes()))
    return sorted(found)


def with_pictures(page: str) -> str:
    """The page with its pictures embedded, because Krita shows it without a folder."""

    def inside(link: re.Match[str]) -> str:
        data = base64.b64encode((ROOT / "docs" / link[1]).read_bytes()).decode()
        return f'src="data:image/png;base64,{data}"'

    return re.sub(r'src="(pictures/[\w-]+\.png)"', inside, page)


def engine(out: Path) -> list[tuple[str, bytes]]:
    from build_engine import build

    wheel = build(out)
    folder = f"{MODULE}/wheels/"
    return [(folder, b""), (folder + wheel.name, wheel.read_bytes())]


def write(path: Path, entries: list[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in entries:
            info = zipfile.ZipInfo(name, WHEN)
            info.external_attr = (0o40755 << 16 | 0x10) if name.endswith("/") else 0o100644 << 16
            kind = zipfile.ZIP_STORED if name.endswith((".whl", "/")) else zipfile.ZIP_DEFLATED
            target.writestr(info, data, kind)


def check(path: Path) -> None:
    """What Krita's importer wants: see plugin_importer.py in Krita's own plugins."""
    with zipfile.ZipFile(path) as source:
        names = set(source.namelist())
    for name in (f"{MODULE}.desktop", f"{MODULE}/", f"{MODULE}/__init__.py"):
        if name not in names:
            raise SystemExit(f"{path.name} lacks '{name}', and Krita would not import it.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--no-engine", action="store_true", help="the engine is installed apart")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    entries = files() + ([] if args.no_engine else engine(args.out))
    path = args.out / f"glassine-krita-{version()}.zip"
    write(path, entries)
    check(path)
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.exit(main())
