"""A test that is skipped says what it would have shown."""

import os
import subprocess
import sys
from pathlib import Path

HELPERS = Path(__file__).parent / "helpers"
SKIPPED = '''
import pytest

@pytest.fixture
def models():
    pytest.skip("no encoders here")

def test_real_encoders_agree(models):
    pass

@pytest.mark.parametrize("name", ["png"])
def test_a_file_is_whole(models, name):
    """Every byte comes back. And more."""

@pytest.mark.skipif(True, reason="root may write everywhere")
def test_a_folder_that_is_locked_is_said():
    pass

def test_it_works():
    pass

@pytest.mark.xfail(reason="not yet")
def test_it_fails():
    assert False
'''
WITHOUT = '''"""Watermarks are
read back. Slowly."""
import pytest
pytest.importorskip("no_such")
'''


def test_every_skip_says_what_would_have_been_shown(tmp_path):
    (tmp_path / "test_one.py").write_text(SKIPPED)
    (tmp_path / "test_two.py").write_text(WITHOUT)
    words = [sys.executable, "-m", "pytest", "-rsx", "-p", "skips", "-p", "no:cacheprovider"]
    env = {**os.environ, "PYTHONPATH": str(HELPERS), "COLUMNS": "300"}
    env.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True)
    for said in (
        "no encoders here; would have shown: real encoders agree\n",
        "no encoders here; would have shown: a file is whole [png] (Every byte comes back)\n",
        "everywhere; would have shown: a folder that is locked is said\n",
        "'no_such'; would have shown: Watermarks are read back\n",
        "test_it_fails - not yet\n",
        "1 passed, 4 skipped, 1 xfailed",
    ):
        assert said in done.stdout, done.stdout
