"""The front door: what is behind it, that it opens quickly, and that no file hides a verb."""

import subprocess
import sys
from types import ModuleType

import glassine
import pytest


@pytest.mark.parametrize("name", glassine.__all__)
def test_every_public_name_leads_somewhere(name):
    assert not isinstance(getattr(glassine, name), ModuleType)


def test_loading_a_file_does_not_hide_the_verb_of_its_name():
    code = (
        "import glassine.plan, glassine.optimise.loop, sys\n"
        "from glassine import plan, optimise\n"
        "assert callable(plan) and callable(optimise)\n"
        "assert sys.modules['glassine.plan'].plan is plan"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_names_are_not_invented():
    with pytest.raises(AttributeError, match="claok"):
        glassine.claok  # noqa: B018


def test_importing_the_package_loads_neither_torch_nor_torchvision():
    code = "import glassine.cli, sys; assert not {'torch', 'torchvision'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_working_loads_no_torchvision():
    """One that does not match torch breaks whoever imports it."""
    code = (
        "import glassine, sys; glassine.plan; glassine.optimise; glassine.verify\n"
        "assert 'torch' in sys.modules and 'torchvision' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
