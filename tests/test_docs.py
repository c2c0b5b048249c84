"""What the written pages promise: links that lead somewhere, variables and commands that exist."""

import re
from pathlib import Path

import pytest
from glassine.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("*.md", "docs/**/*.md", "lab/**/*.md", "tests/*.md")
PAGES = sorted({page for place in PLACES for page in ROOT.glob(place)})
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|(?:src|href)=\"([^\"#]+)\"")
OWN = re.compile(r"\bGLASSINE_[A-Z_]+\b")
TESTS_ONLY = {"GLASSINE_PICTURE", "GLASSINE_PARTS", "GLASSINE_THEME", "GLASSINE_SIZE"}
"""Between a script of ours and the Krita that it starts."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    found = (one or other for one, other in LINK.findall(page.read_text("utf-8")))
    local = [link for link in found if not re.match(r"[a-z]+:", link)]
    dead = [link for link in local if not (page.parent / link).exists()]
    assert not dead


def test_every_variable_stands_in_the_table_and_nothing_else_does():
    sources = [*ROOT.glob("core/**/*.py"), *ROOT.glob("krita_plugin/**/*.py")]
    read = {name for file in sources for name in OWN.findall(file.read_text("utf-8"))}
    told = set(OWN.findall((ROOT / "docs/environment.md").read_text("utf-8")))
    assert told == read - TESTS_ONLY


def test_every_command_in_the_readme_exists():
    said = re.findall(r"`glassine ([a-z]+)", (ROOT / "README.md").read_text("utf-8"))
    assert said and set(said) <= set(COMMANDS)
