"""Runs scenarios inside a real Krita on a private X server. Needs no display and no human.

Scenarios of one run share one Krita, one after the other; each gets a verdict of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import PATIENCE, Process, Sandbox, log, start_xvfb, write_png

HERE = Path(__file__).resolve().parent
PROGRAMS = {
    "krita": "krita",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "import": "imagemagick",
    "xdpyinfo": "x11-utils",
}
PACKAGES = ("krita", "python3-pyqt5", "python3-sip", "xvfb", "xdotool", "x11-utils", "imagemagick")


def missing() -> list[str]:
    return [program for program in PROGRAMS if not shutil.which(program)]


def provide() -> str:
    """Installs what is missing, where that is possible; "" or why not."""
    if not missing():
        return ""
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return f"needs {', '.join(PACKAGES)} (Debian's names), and they cannot be installed here"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES],
    ):
        subprocess.run(["apt-get", *words], env=env, check=True, stdout=subprocess.DEVNULL)
    return f"still missing: {', '.join(missing())}" if missing() else ""


@dataclass
class Outcome:
    """What came of one run. `verdicts`: scenario -> "" or what went wrong."""

    events: list[dict] = field(default_factory=list)
    verdicts: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    outlived: list[str] = field(default_factory=list)
    trouble: str = ""
    seconds: float = 0.0
    work: Path | None = None

    def notes(self, name: str) -> list[dict]:
        return [event for event in self.events if event.get("note") == name]


class Answers:
    """Does what a scenario asks for from outside Krita."""

    def __init__(self, sandbox: Sandbox, env: dict[str, str]) -> None:
        self.sandbox, self.env = sandbox, env

    def __call__(self, event: dict) -> dict:
        try:
            return {"ok": True, **(getattr(self, "do_" + event["what"])(event) or {})}
        except Exception as error:  # reported to the scenario, which fails
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}

    def _x(self, *argv: str) -> None:
        subprocess.run(argv, env=self.env, check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)

    def do_click(self, event: dict) -> None:
        self._x("xdotool", "mousemove", "--sync", str(event["x"]), str(event["y"]))
        self._x("xdotool", "click", str(event.get("button", 1)))

    def do_key(self, event: dict) -> None:
        self._x("xdotool", "key", "--clearmodifiers", event["keys"])

    def do_type(self, event: dict) -> None:
        self._x("xdotool", "type", "--delay", "20", event["text"])

    def do_screenshot(self, event: dict) -> dict:
        path = self.sandbox.root / "out" / f"{event.get('name', 'screen')}.png"
        self._x("import", "-window", "root", str(path))
        return {"path": str(path)}


def run(
    scenarios: list[Path],
    plugins: list[Path],
    env: dict[str, str],
    *,
    work: Path | None = None,
    timeout: float = PATIENCE,
    size: str = "1600x1000",
    config: str = "",
) -> Outcome:
    """One Krita, all scenarios. The work folder is removed unless one is named or it failed."""
    root = (work or Path(tempfile.mkdtemp(prefix="glassine-krita-"))).resolve()
    if root.exists() and any(root.iterdir()):
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox(root, opengl=False)
    for source in [HERE / "driver", *plugins]:
        sandbox.add_plugin(source.resolve())
    sandbox.seed_config(config)
    cache = profile_cache()
    sandbox.use_profile(cache)
    write_png(root / "input.png", 96, 80, lambda x, y: (x * 2, y * 3, (x * y) % 251, 255))
    told = {
        "KRITA_E2E_DIR": str(root),
        "KRITA_E2E_SCENARIOS": os.pathsep.join(str(path.resolve()) for path in scenarios),
        "KRITA_E2E_TIMEOUT": str(timeout),
        "KRITA_E2E_PATIENCE": str(PATIENCE / 2),
        "KRITA_E2E_STEPS": str(HERE / "scenarios"),
        **env,
    }
    outcome = driven(sandbox, told, timeout, size)
    outcome.work = root
    if not outcome.trouble and not cache.exists():
        sandbox.save_profile(cache)
    if work is None and not outcome.trouble and not any(outcome.verdicts.values()):
        shutil.rmtree(root, ignore_errors=True)
    return outcome


def driven(sandbox: Sandbox, told: dict[str, str], timeout: float, size: str) -> Outcome:
    root, outcome = sandbox.root, Outcome()
    xvfb = krita = None
    try:
        xvfb, display = start_xvfb(sandbox, size)
        env = sandbox.environment(display, told)
        with open(root / "krita.log", "wb") as out:
            krita = Process(
                "krita",
                ["krita", "--nosplash"],
                env=env,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=root,
            )
        timed_out = follow(krita, sandbox, Answers(sandbox, env), timeout, outcome)
        if timed_out:
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(
                    ["import", "-window", "root", str(root / "out" / "timeout.png")],
                    env=env,
                    timeout=PATIENCE,
                    check=False,
                )
    finally:
        outcome.status = krita.end() if krita else None
        outcome.outlived = krita.end_group() if krita else []
        if xvfb:
            xvfb.end()
    outcome.trouble = trouble(outcome, timed_out, root, sandbox.plugins)
    return outcome


def trouble(outcome: Outcome, timed_out: bool, root: Path, plugins: list[str]) -> str:
    """What went wrong with the run itself, with Krita's last words; "" where nothing did."""
    ends = [event for event in outcome.events if event["ev"] == "end"]
    ended, said = bool(ends), [str(end["error"]) for end in ends if not end["ok"]]
    if broken := broken_plugins(root / "krita.log", plugins):
        said.append(f"Krita could not load {broken}")
    if timed_out:
        said.append("timed out")
    elif not ended:
        said.append(f"Krita ended before the scenarios did, status {outcome.status}")
    if outcome.outlived:
        said.append(f"outlived Krita: {outcome.outlived}")
    if ended and outcome.status != 0:
        said.append(f"Krita's exit status was {outcome.status}")
    if said:
        said += [tail(root / "krita.log"), tail(root / "stacks.txt")]
    return "\n".join(said)


def follow(
    krita: Process, sandbox: Sandbox, answers: Answers, timeout: float, outcome: Outcome
) -> bool:
    """Reads events until Krita ends; returns whether it had to be given up."""
    path, start = sandbox.root / "events.jsonl", time.monotonic()
    path.touch()
    pending = ""
    with open(path, encoding="utf-8") as stream:
        while True:
            pending += stream.readline()
            if pending.endswith("\n"):
                event, pending = json.loads(pending), ""
                outcome.events.append(event)
                took(event, sandbox, answers, outcome)
                continue
            outcome.seconds = time.monotonic() - start
            if krita.p.poll() is not None:
                return False
            if outcome.seconds > timeout:
                return True
            time.sleep(0.02)


def took(event: dict, sandbox: Sandbox, answers: Answers, outcome: Outcome) -> None:
    rest = {k: v for k, v in event.items() if k not in ("t", "ev", "name", "ok", "note")}
    if event["ev"] == "ask":
        reply = sandbox.root / f"reply-{event['id']}.json"
        reply.with_suffix(".tmp").write_text(json.dumps(answers(event)))
        reply.with_suffix(".tmp").rename(reply)
    elif event["ev"] == "verdict":
        outcome.verdicts[event["name"]] = event["error"] or ""
        log(
            "PASS" if event["ok"] else "FAIL",
            event["name"],
            f"{event['seconds']} s, {event.get('own', 0)} of them Krita's work",
            event["error"] or "",
        )
    elif event["ev"] in ("check", "note"):
        mark = {"check": "  ok  " if event.get("ok") else "  FAIL"}.get(event["ev"], "  note")
        log(mark, event.get("name") or event.get("note"), rest or "")


def profile_cache() -> Path:
    """A finished resource database saves 13 CPU seconds; keyed by Krita's program file."""
    info = Path(shutil.which("krita") or "krita").resolve().stat()
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glassine-krita"
    return base / f"profile-{info.st_size:x}-{int(info.st_mtime):x}"


def broken_plugins(logfile: Path, names: list[str]) -> list[str]:
    """A plugin whose import fails shows no dialog: it is only greyed out in the settings."""
    text = logfile.read_text(errors="replace") if logfile.exists() else ""
    return [name for name in names if f'Error loading plugin "{name}"' in text]


def tail(path: Path, lines: int = 40) -> str:
    if not path.exists():
        return "(none)"
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
