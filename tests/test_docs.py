"""What the written pages promise: links that lead somewhere, variables and commands that exist."""

import json
import re
from base64 import b64decode
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from glassine.cli import COMMANDS
from glassine.flow.recipes import RECIPES
from glassine.messages.words import table
from safetensors.torch import save_file
from torch import nn

pytestmark = pytest.mark.usefixtures("one_viewer")

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("*.md", "docs/**/*.md", "lab/**/*.md", "tests/*.md")
PAGES = sorted({page for place in PLACES for page in ROOT.glob(place)})
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|(?:src|href)=\"([^\"#]+)\"")
OWN = re.compile(r"\bGLASSINE_[A-Z_]+\b")
TESTS_ONLY = {"GLASSINE_PICTURE", "GLASSINE_PARTS", "GLASSINE_THEME", "GLASSINE_SIZE"}
"""Between a script of ours and the Krita that it starts."""


def test_what_poison_did_is_said_alike_wherever_it_is_chosen():
    """The study's own figures: strong poison, and wrong captions beside it."""
    lines = json.loads((ROOT / "lab/study/results/poisons-64.json").read_text())
    whole = {line["kind"]: line for line in lines if line["share"] == 1}
    both = [whole[kind] for kind in ("anchor@55", "wrong")]  # what ships, and wrong captions
    assert [line["seeds"] for line in both] == [3, 3]
    figures = [f"{100 * line['as_other']:.0f}" for line in both]
    recipes = [RECIPES[name] for name in ("poison", "both")]
    said = [recipe.note for recipe in recipes]
    said += [table(one)[f"recipe.{r.name}.note"] for one in ("de", "ja") for r in recipes]
    page = (ROOT / "docs/poison.md").read_text("utf-8")
    (told,) = re.findall(r"^> (.*)$", page, re.MULTILINE)
    for text in (*said, told):
        assert re.findall(r"(\d+) ?%", text) == figures


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


def test_every_folder_of_the_engine_is_told_which_tests_are_its_own():
    page = (ROOT / "tests/README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)/` \| (`.*) \|$", page, re.MULTILINE))
    rooms = {init.parent.name for init in ROOT.glob("core/glassine/*/__init__.py")}
    assert set(rows) == rooms, "the table under 'Which to run' in tests/README.md"
    named = {
        name for row in (*rows.values(), page) for name in re.findall(r"`(test_\w+\.py)`", row)
    }
    assert not [name for name in named if not (ROOT / "tests" / name).is_file()]


def test_the_surrogate_in_the_guide_works(tmp_path):
    """As it stands there, but for the file of weights."""
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    made = {"__name__": "glassine.surrogates.mine", "__package__": "glassine.surrogates"}
    exec(compile(code, "CONTRIBUTING.md", "exec"), made)
    net = nn.Sequential(nn.Conv2d(3, 16, 8, stride=8), nn.GELU(), nn.Conv2d(16, 8, 3, padding=1))
    entry = made["ENTRY"]
    save_file(net.state_dict(), tmp_path / entry.weights[0].file)
    ((family, loaded),) = entry.load(tmp_path).items()
    assert family == entry.folder
    assert entry.encoder(loaded)(torch.rand(1, 3, 80, 96)).shape == (1, 8, 10, 12)


def example(name):
    spec = spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec and spec.loader
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made.main


@pytest.mark.slow
def test_examples_do_what_they_say(painting, tmp_path, capsys):
    """All that are there, so that a new one is run too."""
    copy = tmp_path / "copy.png"
    runs = {
        "protect_one": (painting, copy),
        "several_strengths": (painting,),
        "own_goal": (painting, painting),
        "poison": (painting, tmp_path / "poison.png", "apple", "car"),
        "what_survives": (painting,),
        "read_marks": (copy,),
    }
    assert set(runs) == {file.stem for file in (ROOT / "examples").glob("*.py")}
    said = {}
    for name, given in runs.items():
        example(name)(*given)
        said[name] = capsys.readouterr().out
    assert "SSIMULACRA2" in said["protect_one"] and "its blend" in said["protect_one"]
    changes = [int(line.split()[3]) for line in said["several_strengths"].splitlines()]
    assert changes == sorted(changes) and changes[0] < changes[-1]
    assert said["own_goal"] == "Changed above: True, below: False\n"
    assert said["poison"].endswith(": a picture of an apple\n"), "the words stay true"
    assert said["what_survives"].count("of the effect is left") == 3
    assert said["read_marks"].startswith("xmp: ")


@pytest.fixture
def told(monkeypatch):
    """What the site makes of a link on a page in `docs`."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    hook = import_module("docs_hook")
    page = SimpleNamespace(file=SimpleNamespace(abs_src_path=str(ROOT / "docs" / "eye.md")))
    return lambda text: hook.on_page_markdown(text, page=page)


def test_the_site_names_what_lies_outside_it(told):
    assert (
        told("[the bench](../lab/bench/reduced.py#top).") == "the bench (`lab/bench/reduced.py`)."
    )
    assert told("[lab/rows.py](../lab/rows.py)") == "lab/rows.py"
    assert told("[a page](measured.md)") == "[a page](measured.md)"
    with pytest.raises(FileNotFoundError, match="gone"):
        told("[it](../lab/gone.py)")


def test_the_site_has_every_commands_help(told):
    text = told("<!-- commands -->")
    assert all(f"\n## glassine {name}\n" in f"\n{text}" for name in COMMANDS)
    assert "### glassine marks show" in text and "--longest-side" in text


def test_every_page_is_in_the_sites_contents():
    listed = set(re.findall(r"[\w/]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8")))
    there = (ROOT / "docs").glob("**/*.md")
    assert listed == {page.relative_to(ROOT / "docs").as_posix() for page in there}


def test_the_plugins_manual_has_its_pictures_inside(monkeypatch):
    """Krita shows it as text that has no folder; a QTextBrowser reads pictures out of addresses."""
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    packed = dict(import_module("build_plugin").files())
    page = packed["glassine_krita/Manual.html"].decode()
    shown = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(shown) == page.count("<img") == 4
    assert all(b64decode(one).startswith(b"\x89PNG") for one in shown)
    assert len(packed["glassine_krita/Manual.html"]) < 1_000_000
