"""Run by test_install.py in a process of its own: the plugin's installer, for real.

    installing.py PLUGIN_FOLDER DATA_FOLDER

Prints one JSON line: what was installed and what the installed engine says.
"""

import json
import os
import sys
import time

sys.path.insert(0, sys.argv[1])

import krita
import waiting
from glassine_krita.engine import process
from glassine_krita.install import builds, installed, installer
from glassine_krita.qt import QtCore

app = QtCore.QCoreApplication([])
krita.Krita.instance().data = sys.argv[2]


def until(condition, what="the engine"):
    waiting.until(condition, what, app.processEvents, every=0.05)


def install(cancel_at=None):
    made, ended = installer.Installer(), []
    made.ended.connect(ended.append)
    made.install(next(build for build in builds.builds_for() if build.name == "cpu"))

    def reached():
        return bool(ended) or (cancel_at is not None and made.step >= cancel_at)

    while not reached():  # what hangs says no more: the whole of it may take any time
        said = made.log()
        until(
            lambda said=said: reached() or made.log() != said,
            lambda: f"more of step {made.step} of {made.steps}: {made.log()[-800:]}",
        )
    if not ended:
        made.cancel()
        return made, ["cancelled"]
    return made, [why.code for why in ended]


began = time.monotonic()
_, first = install(cancel_at=2)
half = {"first": first, "half": installed.engine_record(), "command": installed.start_command()}
made, ended = install()
took = time.monotonic() - began
child = process.Engine()
child.start(installed.start_command())
until(lambda: child.condition.name in ("ready", "broken", "absent"))
told = {
    **half,
    "ended": ended,
    "log": made.log()[-2000:],
    "state": installed.engine_record(),
    "seconds": took,
    "engine": child.condition.name,
    "version": child.condition.hello.version,
    "device": child.condition.hello.device.kind,
    "says": child.condition.says and child.condition.says.code,
    "stderr": child.log()[-2000:],
}
child.stop()
size = sum(
    os.path.getsize(os.path.join(folder, name))
    for folder, _, names in os.walk(installed.engine_folder())
    for name in names
    if not os.path.islink(os.path.join(folder, name))
)
told["megabytes"] = size >> 20
installed.remove_engine().join()
told["left"] = os.listdir(installed.engine_folder())
sys.stdout.write(json.dumps(told) + "\n")
