"""The real engine from the checkout: what an installed `python -m glassine.service` would be."""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "core"))
runpy.run_module("glassine.service", run_name="__main__", alter_sys=True)
