"""Krita's own world for one run: folders, configuration, processes, a private X server.

Every process it starts is in a process group of its own and is ended by that group's id.
"""

from __future__ import annotations

import builtins
import importlib.util
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "helpers"))
from waiting import PATIENCE

KRITA_IMPORTER = Path("/usr/share/krita/pykrita/plugin_importer/plugin_importer.py")


def log(*args):
    print("[e2e]", *args, flush=True)


def write_png(path: Path, width: int, height: int, rgba) -> None:
    """``rgba(x, y)`` -> 4-tuple. An 8-bit RGBA PNG with no colour profile."""
    rows = b"".join(
        b"\0" + b"".join(bytes(rgba(x, y)) for x in range(width)) for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data) & 0xFFFFFFFF
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 6))
        + chunk(b"IEND", b"")
    )


LEFT_OUT = shutil.ignore_patterns("pykrita", "actions", "glassine")
"""What a saved profile must not carry into the next run: plugins, and what ours wrote."""


class Process:
    """A child in its own process group, ended by id."""

    def __init__(self, name, argv, **kw):
        self.name = name
        self.p = subprocess.Popen(argv, start_new_session=True, **kw)

    def group(self) -> list[str]:
        """What is alive in its process group besides itself (an engine the plugin started)."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()  # state ppid pgrp ...
                if int(fields[2]) == self.p.pid and int(stat.parent.name) != self.p.pid:
                    if fields[0] != "Z":
                        command = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ")
                        found.append(f"{stat.parent.name}: {command.decode(errors='replace')}")
            except (OSError, ValueError):
                continue
        return found

    def end_group(self, grace=PATIENCE / 4) -> list[str]:
        """Waits for the rest of the group to end by itself, then ends it; returns what had to
        be ended."""
        deadline = time.monotonic() + grace
        while (left := self.group()) and time.monotonic() < deadline:
            time.sleep(0.1)
        if left:
            try:
                os.killpg(self.p.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return left

    def end(self, grace=5.0):
        if self.p.poll() is None:
            for sig in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(self.p.pid, sig)
                except ProcessLookupError:
                    break
                try:
                    self.p.wait(grace)
                    break
                except subprocess.TimeoutExpired:
                    continue
        return self.p.returncode


class Sandbox:
    def __init__(self, root: Path, opengl: bool):
        self.root = root
        for name in (
            "home",
            "data/krita/pykrita",
            "data/krita/actions",
            "config",
            "cache",
            "run",
            "tmp",
            "out",
        ):
            (root / name).mkdir(parents=True, exist_ok=True)
        (root / "run").chmod(0o700)
        self.opengl = opengl
        self.plugins: list[str] = []

    @property
    def resources(self) -> Path:
        return self.root / "data" / "krita"

    def add_plugin(self, source: Path):
        """A folder with ``x.desktop`` + ``x/`` (symlinked), or a release zip (imported by
        Krita's own importer code, so that a zip it cannot read fails here too)."""
        if source.suffix == ".zip":
            builtins.i18n = lambda s: s
            spec = importlib.util.spec_from_file_location("plugin_importer", KRITA_IMPORTER)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            done = module.PluginImporter(str(source), str(self.resources), lambda p: True)
            names = [p["name"] for p in done.import_all()]
            self.plugins += names
            return names
        names = []
        for desktop in sorted(source.glob("*.desktop")):
            name = next(
                line.split("=", 1)[1].strip()
                for line in desktop.read_text(encoding="utf-8").splitlines()
                if line.startswith("X-KDE-Library=")
            )
            for item in (desktop, source / name):
                (self.resources / "pykrita" / item.name).symlink_to(item.resolve())
            names.append(name)
        if not names:
            raise SystemExit(f"no plugin (*.desktop) in {source}")
        self.plugins += names
        return names

    def seed_config(self, more=""):
        enable = "".join(f"enable_{name}=true\n" for name in self.plugins)
        # The first, nameless group of a KConfig file holds KisConfig's general keys.
        (self.root / "config" / "kritarc").write_text(
            "sessionOnStartup=0\nFetchNews=false\nAutoSaveInterval=0\n\n[python]\n" + enable + more
        )
        renderer = "auto" if self.opengl else "none"
        (self.root / "config" / "kritadisplayrc").write_text(
            f"[General]\nOpenGLRenderer={renderer}\n"
        )

    def use_profile(self, cache: Path) -> bool:
        """Krita builds a resource database on its first start (about 13 CPU seconds).
        A copy of a finished one saves that; the database holds relative paths only."""
        if not (cache / "resourcecache.sqlite").exists():
            return False
        shutil.copytree(cache, self.resources, dirs_exist_ok=True)
        return True

    def save_profile(self, cache: Path):
        part = cache.with_name(f"{cache.name}.part-{os.getpid()}")
        part.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.resources, part, ignore=LEFT_OUT)
        try:
            part.rename(cache)
        except OSError:  # another run was first
            shutil.rmtree(part, ignore_errors=True)

    def environment(self, display: str, extra: dict[str, str]) -> dict[str, str]:
        keep = ("LANG", "LC_ALL", "TERM", "USER", "LOGNAME")
        env = {k: v for k, v in os.environ.items() if k in keep}
        env.setdefault("LC_ALL", "C.UTF-8")
        env.update(
            # Krita's embedded Python takes its prefix from the first python3 on PATH: a
            # pyenv/conda one of the same minor version hides the system's PyQt5 from it.
            PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            HOME=str(self.root / "home"),
            XDG_DATA_HOME=str(self.root / "data"),
            XDG_CONFIG_HOME=str(self.root / "config"),
            XDG_CACHE_HOME=str(self.root / "cache"),
            XDG_RUNTIME_DIR=str(self.root / "run"),
            XDG_CURRENT_DESKTOP="",
            # Krita's single-instance socket and its swap file live here
            TMPDIR=str(self.root / "tmp"),
            DISPLAY=display,
            QT_QPA_PLATFORM="xcb",
            QT_LINUX_ACCESSIBILITY_ALWAYS_ON="0",
            NO_AT_BRIDGE="1",
            PYTHONUNBUFFERED="1",
            PYTHONDONTWRITEBYTECODE="1",
        )
        if not self.opengl:
            env["QT_XCB_GL_INTEGRATION"] = "none"
        env.update(extra)
        return env


def start_xvfb(sandbox: Sandbox, size: str) -> tuple[Process, str]:
    read_fd, write_fd = os.pipe()
    with open(sandbox.root / "xvfb.log", "wb") as logfile:
        process = Process(
            "Xvfb",
            [
                "Xvfb",
                "-displayfd",
                str(write_fd),
                "-screen",
                "0",
                f"{size}x24",
                "-nolisten",
                "tcp",
                "-noreset",
                "+extension",
                "GLX",
            ],
            pass_fds=[write_fd],
            stdout=logfile,
            stderr=logfile,
        )
    os.close(write_fd)
    number = b""
    deadline = time.monotonic() + PATIENCE
    os.set_blocking(read_fd, False)
    while not number.endswith(b"\n"):
        if process.p.poll() is not None or time.monotonic() > deadline:
            process.end()
            raise RuntimeError("Xvfb did not start: " + (sandbox.root / "xvfb.log").read_text())
        try:
            number += os.read(read_fd, 16)
        except BlockingIOError:
            time.sleep(0.05)
    os.close(read_fd)
    return process, ":" + number.decode().strip()
