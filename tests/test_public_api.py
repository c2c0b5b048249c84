"""The front door: what is behind it, that it opens quickly, and that no file hides a verb."""

import os
import subprocess
import sys
from types import ModuleType

import glassine
import onnxruntime
import pytest
from glassine.targets import style
from heavy import HEAVY
from PIL import Image
from typed import SMALL


@pytest.mark.parametrize("name", glassine.__all__)
def test_every_public_name_leads_somewhere(name):
    assert not isinstance(getattr(glassine, name), ModuleType)


def test_loading_a_file_does_not_hide_the_verb_of_its_name():
    """A room of a verb's name would put a module in its place, once something in it is loaded."""
    code = (
        "import glassine, pkgutil, importlib\n"
        "for found in pkgutil.walk_packages(glassine.__path__, 'glassine.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        room = importlib.import_module(found.name)\n"
        "        lost = [n for n in getattr(room, '__all__', ()) if not hasattr(room, n)]\n"
        "        assert not lost, f'{found.name}.__all__ lists {lost}, which it does not have'\n"
        "for name in glassine.__all__:\n"
        "    assert not isinstance(getattr(glassine, name), type(glassine)), name\n"
        "from glassine import plan\n"
        "assert importlib.import_module('glassine.flow.plan').plan is plan"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_names_are_not_invented():
    with pytest.raises(AttributeError, match="claok"):
        glassine.claok  # noqa: B018


def test_importing_the_package_loads_neither_torch_nor_torchvision():
    code = "import glassine.cli, sys; assert not {'torch', 'torchvision'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_starting_loads_no_judges_and_protecting_nothing_that_it_never_calls(tmp_path):
    """Seconds of each start, here: torchvision for the judges, torch's compiler for nobody."""
    picture = tmp_path / "a.png"
    Image.linear_gradient("L").resize((40, 40)).convert("RGB").save(picture)
    words = ["protect", str(picture), *SMALL]
    code = (
        "import glassine, sys; glassine.plan; glassine.optimise; glassine.verify\n"
        "import glassine.service.methods\n"
        "loaded = {'torchvision', 'lpips', 'piq'} & set(sys.modules)\n"
        "assert 'torch' in sys.modules and not loaded\n"
        "from glassine.cli import cli\n"
        f"cli.main({words}, 'glassine', standalone_mode=False)\n"
        f"assert 'lpips' in sys.modules and not {HEAVY} & set(sys.modules)"
    )
    home = {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **home}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_command_that_computes_nothing_loads_no_torch(tmp_path):
    code = (
        "import sys\n"
        "from glassine.cli import cli\n"
        "typed = (['models', 'list'], ['models', 'verify'], ['ledger', 'list'],"
        " ['completion', 'bash'], ['sitekit', '--help'])\n"
        "for words in typed:\n"
        "    cli.main(words, 'glassine', standalone_mode=False)\n"
        "assert not {'torch', 'kornia', 'pyvips'} & set(sys.modules)"
    )
    home = {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **home}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_nothing_that_works_here_tells_its_maker(tmp_path):
    """ONNX Runtime gives the machine a number in the user's folders and reports to Microsoft."""
    ours = {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    hushed = ("ORT_", "XDG_", "CI", "GITHUB_", "TF_BUILD")  # what would hush it here and not there
    env = {name: text for name, text in os.environ.items() if not name.startswith(hushed)} | ours
    code = (
        "import torch\n"
        "from glassine.targets import style\n"
        "style.rendered(torch.rand(3, 64, 64), next(iter(style.styles())))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=env)
    assert list(tmp_path.rglob("*")) == []


def test_windows_is_not_told_either(monkeypatch):
    asked = []
    monkeypatch.setattr(onnxruntime, "disable_telemetry_events", lambda: asked.append(True))
    style.style_engine.cache_clear()
    style.style_engine()
    assert asked
