"""The plugin's release zip in a real Krita, imported by Krita's own importer, with a real engine."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from runs import ALONE, SCRIPTED, SESSION, everything  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]  # one of them runs all


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    from harness import provide

    if problem := provide():
        pytest.skip(problem)
    return everything(tmp_path_factory.mktemp("plugin"))


@pytest.mark.parametrize("name", [*SESSION, *SCRIPTED, *ALONE])
def test_in_a_real_krita(found, name):
    assert not found[name], found[name]
