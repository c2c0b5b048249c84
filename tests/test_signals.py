"""Signals at any moment, of any kind, once or twice: the documented exit, no traceback, no half."""

import os
import random
import signal
import subprocess
import sys

import psutil
import pytest
from glassine.cli import exits, signals
from glassine.machine import ending
from waiting import line, until

from lab.bench import signals as lab_signals

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends Unix signals")
KINDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def program(code):
    """A program of a few lines, with its outputs open."""
    return subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True)


def ended(process):
    with process:
        out, said = process.communicate()
    assert "Traceback" not in said and "Exception ignored" not in said, said
    return process.returncode, said, out


def test_next_to_nothing_is_loaded_before_signals_are_heard():
    """Until then Ctrl-C shows how Python stops: modules like these take longer than all else."""
    code = "import sys, glassine.cli; print({'typing', 're', 'click', 'torch'} & set(sys.modules))"
    asked = [sys.executable, "-S", "-c", code]
    assert subprocess.run(asked, capture_output=True, text=True).stdout == "set()\n"


SWALLOWED = """
import sys, threading, time
from glassine.cli import main, table
import click
import glassine.cli.commands.doctor as doctor

@click.command()
def command():
    print("working", flush=True)
    while True:
        try:
            time.sleep(0.01)
        except BaseException:  # as a library's callback does
            print("swallowed", flush=True)
doctor.command = command
main(["doctor"])
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("times", (1, 2))
def test_no_callback_can_swallow_a_signal(kind, times):
    process = program(SWALLOWED)
    line(process.stdout, "working")
    for _ in range(times):
        process.send_signal(kind)
    code, said, out = ended(process)
    assert code == exits.STOPPED and "Stopped. Nothing half-written" in said
    assert "swallowed" not in out


def test_a_program_that_was_told_to_ignore_a_hang_up_goes_on():
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + SWALLOWED
    process = program(code)
    line(process.stdout, "working")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == exits.STOPPED


WRITING = """
import os, sys, time
from pathlib import Path
from glassine.cli import signals
from glassine.machine import files

signals.listen()
signals.say("Stopped.")
def wait(descriptor):
    print("half", flush=True)
    while True:
        time.sleep(0.01)
os.fsync = wait
files.write(Path(sys.argv[1]) / "a.png", b"half")
"""


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_half_written_is_cleared_away(kind, tmp_path):
    command = [sys.executable, "-c", WRITING, str(tmp_path)]
    process = subprocess.Popen(command, stdout=-1, stderr=-1, text=True)
    line(process.stdout, "half")
    assert list(tmp_path.iterdir())
    process.send_signal(kind)
    process.send_signal(kind)
    assert ended(process)[0] == exits.STOPPED and not list(tmp_path.iterdir())


def test_duties_are_done_newest_first_and_one_that_fails_keeps_no_other(monkeypatch):
    done = []
    monkeypatch.setattr(ending, "unheard", lambda: done.append("unheard"))
    monkeypatch.setattr(ending.os, "_exit", lambda code: done.append(code))
    first, broken, last = lambda: done.append("first"), lambda: 1 / 0, lambda: done.append("last")
    with ending.at_end(first), ending.at_end(broken), ending.at_end(last):
        ending.leave(130)
    assert done == ["unheard", "last", "first", 130]
    done.clear()
    ending.leave(0)
    assert done == ["unheard", 0], "what is over needs nothing"


def test_a_terminal_that_is_gone_costs_no_order(monkeypatch):
    done = []
    monkeypatch.setattr(signals, "leave", done.append)
    monkeypatch.setattr(signals.os, "write", lambda *_: os.close(-1))  # an OSError
    signals.stop(signal.SIGHUP, None)
    assert done == [130]


def test_a_signal_while_a_worker_is_started_waits_and_is_not_lost(monkeypatch):
    heard = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("heard"))
    try:
        with ending.held():
            signal.raise_signal(signal.SIGTERM)
            assert not heard
            inherited = subprocess.run(
                [sys.executable, "-c", "import signal; print(signal.pthread_sigmask(0, ()))"],
                capture_output=True,
                text=True,
            ).stdout
        assert heard == ["heard"] and "SIGINT" in inherited and "SIGHUP" in inherited
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & set(KINDS)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_signals_after_the_work_change_nothing(tmp_path):
    code = (
        "import atexit, os, signal, sys\n"
        "from glassine.cli import main\n"
        "def late():\n"
        "    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):\n"
        "        os.kill(os.getpid(), kind)\n"
        "atexit.register(late)\n"
        "main(['--version'])\n"
    )
    code, said, out = ended(program(code))
    assert code == 0 and out.startswith("glassine") and not said


@pytest.mark.parametrize("kind", KINDS)
def test_a_signal_before_anything_is_loaded_ends_quietly(kind):
    code = (
        "import os, signal\n"
        "from glassine import cli\n"
        f"cli.signals.listen(); os.kill(os.getpid(), {int(kind)})\n"
    )
    assert ended(program(code))[:2] == (130, "")


@pytest.mark.slow
def test_ctrl_c_on_a_terminal_reaches_a_worker_that_is_just_loading(tmp_path, scene):
    """Every process of the group gets it; the worker used to answer with a traceback."""
    from glassine.formats import FORMATS
    from glassine.types import Keep

    (tmp_path / "in").mkdir()
    data = FORMATS["png"].write(scene[:, :48, :48], None, Keep(), 95)
    (tmp_path / "in" / "a.png").write_bytes(data)
    command = [sys.executable, "-m", "glassine.cli", "batch", str(tmp_path / "in")]
    command += ["-o", str(tmp_path / "out"), "--surrogates", "embedded", "--style", "ember"]
    process = subprocess.Popen(command, stdout=-1, stderr=-1, text=True, start_new_session=True)
    until(lambda: len(psutil.Process(process.pid).children()) >= 2, "the worker", every=0.05)
    for _ in range(random.Random(1).randint(1, 2)):
        os.killpg(process.pid, signal.SIGINT)
    assert ended(process)[0] == exits.STOPPED
    assert not list((tmp_path / "out").glob("*.part"))


@pytest.mark.slow
@pytest.mark.parametrize("number", (0, 1))
def test_a_run_that_is_stopped_anywhere_ends_as_documented(number):
    """The short form of `python -m lab.bench.signals`, which does it fifty times."""
    end = lab_signals.one(number, random.Random(number))
    assert not end.wrong, end
