"""The shape of the code base, as tests. Each rule names the boundary it guards."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGINE, PLUGIN = ROOT / "core" / "glassine", ROOT / "krita_plugin"
CORE = sorted(ENGINE.rglob("*.py"))
OURS = sorted(PLUGIN.rglob("*.py"))
FILES = CORE + OURS

# Low to high. A file may import from its own row or from rows above it, never from below.
LAYERS = [
    {"units", "errors"},
    {"types", "registry", "pixels"},
    {"bytewise"},
    {"weights", "device", "memory", "files", "flattened", "visibility", "fingerprint", "ledger"},
    {"surrogates", "targets", "purifiers", "marks", "formats"},
    {"learned"},
    {"encoders", "recipes", "suggest"},
    {"plan"},
    {"optimise"},
    {"mark", "verify"},
    {"encode", "read"},
    {"examine", "catalogue", "protect", "pages"},
    {"deliver", "find", "jobs", "sitekit", "worker"},
    {"batch", "service", "cli"},
]
KINDS = {"surrogates", "targets", "purifiers", "marks", "formats"}  # must not know of each other
RANK = {name: i for i, row in enumerate(LAYERS) for name in row}
LINES, FUNCTION_LINES = 300, 40
DATA_FILES = ("texts.py",)  # sentences, not code


def name_of(path):
    return str(path.relative_to(ROOT))


each_file = pytest.mark.parametrize("path", FILES, ids=name_of)
each_engine_file = pytest.mark.parametrize("path", CORE, ids=name_of)
each_plugin_file = pytest.mark.parametrize("path", OURS, ids=name_of)


@cache
def tree(path):
    return ast.parse(path.read_text("utf-8"))


def imports(path):
    """Absolute dotted names that a file imports, with relative ones resolved."""
    package = path.relative_to(ROOT).with_suffix("").parts[1:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            base += [node.module] if node.module else []
            yield from (".".join([*base, name.name]) for name in node.names)


def modules(path):
    """The engine's own modules that a file imports: `glassine.X` as X."""
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "glassine" and len(parts) > 1:
            yield parts[1]


@each_file
def test_file_fits_on_a_few_screens(path):
    if path.name in DATA_FILES:
        return
    assert len(path.read_text("utf-8").splitlines()) <= LINES


@each_file
def test_functions_fit_on_one_screen(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            assert lines <= FUNCTION_LINES, f"{node.name} has {lines} lines"


@each_file
def test_file_says_what_it_is_for(path):
    if path.name == "__init__.py" and not path.read_text("utf-8").strip():
        return
    said = ast.get_docstring(tree(path)) or ""
    assert said.split("\n\n")[0].rstrip().endswith((".", "!", "?", ":")), "no opening sentence"


@each_engine_file
def test_engine_knows_nothing_of_qt_or_krita(path):
    assert not {name.split(".")[0] for name in imports(path)} & {"PyQt5", "PyQt6", "krita"}


@each_plugin_file
def test_plugin_uses_only_the_standard_library(path):
    allowed = set(sys.stdlib_module_names) | {"glassine_krita"}
    allowed |= {"qt.py": {"PyQt5", "PyQt6", "pykrita"}, "layers.py": {"krita"}}.get(
        path.name, set()
    )
    foreign = {name.split(".")[0] for name in imports(path)} - allowed
    if path.name == "__init__.py":  # Krita starts a plugin here, and hands it over by name
        foreign -= {"krita"}
    assert not foreign


@each_engine_file
def test_imports_point_one_way(path):
    here = path.relative_to(ENGINE).with_suffix("").parts[0]
    if here == "__init__":
        return
    assert here in RANK, f"{here} has no row yet; give it one"
    for there in modules(path):
        if there == here or there not in RANK:
            continue
        assert RANK[there] <= RANK[here], f"{here} imports {there}, which is above it"
        assert not {here, there} <= KINDS, f"{here} and {there} must not know of each other"


@each_engine_file
def test_only_units_and_pixels_know_255(path):
    numbers = {
        node.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    }
    assert path.name in ("units.py", "pixels.py") or not numbers & {255, 127.5, 65535}


@each_engine_file
def test_nothing_is_printed_outside_the_command_line(path):
    if "cli" in path.parts:
        return
    calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]


@each_engine_file
def test_no_chance_but_through_a_generator(path):
    """Same plan, same pixels: whatever draws takes the plan's generator."""
    for node in ast.walk(tree(path)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = node.func.value
        if isinstance(owner, ast.Name) and owner.id == "torch":
            random = node.func.attr in ("rand", "randn", "randint", "randperm", "bernoulli")
            assert not random or any(k.arg == "generator" for k in node.keywords), node.lineno
            assert not node.func.attr.startswith(("rand_like", "randn_like", "manual_seed"))


def test_frames_are_one_file_in_two_places():
    ours = (ENGINE / "service" / "frames.py").read_bytes()
    assert ours == (PLUGIN / "glassine_krita" / "engine" / "frames.py").read_bytes()


def test_top_folders_are_not_packages():
    """`packaging` and `core` would shadow installed packages of the same name."""
    tops = ("core", "packaging", "scripts", "krita_plugin", "tests")
    assert not [top for top in tops if (ROOT / top / "__init__.py").exists()]


def test_the_rules_see_what_they_forbid(tmp_path, monkeypatch):
    """The guards themselves, on a file that breaks them."""
    bad = ENGINE / "targets" / "never_written.py"
    text = '"""Bad"""\nfrom ..surrogates import SURROGATES\nfrom .. import plan\nX = 255\n'
    monkeypatch.setattr(Path, "read_text", lambda self, *_: text)
    assert set(modules(bad)) == {"surrogates", "plan"}
    for rule in (
        test_imports_point_one_way,
        test_only_units_and_pixels_know_255,
        test_file_says_what_it_is_for,
    ):
        with pytest.raises(AssertionError):
            rule(bad)
