"""The shape of the code base, as tests. Each rule names the boundary it guards."""

import ast
import re
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGINE, PLUGIN = ROOT / "core" / "glassine", ROOT / "krita_plugin" / "glassine_krita"
CORE = sorted(ENGINE.rglob("*.py"))
OURS = sorted(PLUGIN.rglob("*.py"))
FILES = CORE + OURS
LAB = sorted((ROOT / "lab").rglob("*.py"))

# Low to high. A file may import from its own row or from rows above it, never from below.
ROOMS = [
    {"messages", "version"},
    {"units", "causes"},
    {"errors"},
    {"types", "registry", "plain", "record"},
    {"machine"},
    {"pixels"},
    {"ledger", "visibility"},
    {"surrogates", "targets", "purifiers", "marks", "formats", "embedders", "denoisers"},
    {"faces"},
    {"explore"},
    {"evidence"},
    {"flow"},
    {"find", "batch", "sitekit", "campaigns", "lookup", "probe"},
    {"site"},
    {"service", "cli"},
]
KINDS = {
    "surrogates",
    "targets",
    "purifiers",
    "marks",
    "formats",
    "embedders",
    "denoisers",
}  # must not know of each other
# Inside `flow` an artwork goes from verb to verb; each file imports only from rows above its own.
FLOW = [
    {"read", "recipes", "names", "strength", "aftermath"},
    {"plan", "optimise", "settle", "mark", "verify", "encode", "examine"},
    {"catalogue", "pages", "protect", "timing"},
    {"deliver"},
]
PLUGIN_ROOMS = [
    {"qt"},
    {"words", "canvas"},
    {"engine"},
    {"install"},
    {"studio"},
    {"views"},
    {"docker"},
    {"extension"},
]
FUNCTION_LINES, PARAMETERS, FLAT = 40, 7, 18
"""Lines of a function; its parameters; files that lie side by side in a folder."""

HOMES = 2
"""Files that may define a public function of one name: a word means one thing in the house."""
CONTRACT = {
    *("read", "write", "apply", "missing", "prepare", "embed", "stamp", "check", "decide"),
    *("picture", "choices", "encoder", "decoder", "load", "worded", "guessed"),
}
"""What entries of the kinds are made of: there the same name means the same thing by design."""


def name_of(path):
    return str(path.relative_to(ROOT) if ROOT in path.parents else path)


each_file = pytest.mark.parametrize("path", FILES, ids=name_of)
each_engine_file = pytest.mark.parametrize("path", CORE, ids=name_of)
each_plugin_file = pytest.mark.parametrize("path", OURS, ids=name_of)


def folders():
    """Every folder of the engine and the plugin that holds code."""
    return sorted({path.parent for path in FILES})


@cache
def tree(path):
    return ast.parse(path.read_text("utf-8"))


def package(path):
    """The dotted package that a file lies in, as its parts."""
    root = ENGINE if ENGINE in path.parents else PLUGIN
    return root.name, *path.relative_to(root).parts[:-1]


def imports(path):
    """Absolute dotted names that a file imports, with relative ones resolved."""
    here = package(path)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*here[: len(here) - node.level + 1]] if node.level else []
            base += [node.module] if node.module else []
            yield from (".".join([*base, name.name]) for name in node.names)


def modules(path):
    """The rooms of its own house that a file imports: `glassine.X.Y` as (X, Y)."""
    house = package(path)[0]
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == house and len(parts) > 1:
            yield parts[1], parts[2] if len(parts) > 2 else ""


def room_of(path):
    root = ENGINE if ENGINE in path.parents else PLUGIN
    return path.relative_to(root).with_suffix("").parts[0]


def ranks(rows):
    return {name: number for number, row in enumerate(rows) for name in row}


def goes_down(path, rows):
    here, rank = room_of(path), ranks(rows)
    if here == "__init__":
        return
    assert here in rank, f"{here} has no row yet; give it one"
    for there, _ in modules(path):
        if there != here and there in rank:
            assert rank[there] <= rank[here], f"{here} imports {there}, which is above it"


def bound(path):
    """Names that a file defines or imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (name.asname or name.name for name in node.names)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


@each_file
def test_every_name_that_a_file_exports_exists(path):
    for node in tree(path).body:
        named = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        if named and isinstance(node.value, ast.List | ast.Tuple):
            assert set(ast.literal_eval(node.value)) <= set(bound(path))


@each_file
def test_functions_fit_on_one_screen(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            assert lines <= FUNCTION_LINES, f"{node.name} has {lines} lines"


@each_file
def test_arguments_that_travel_together_are_a_value(path):
    for node in ast.walk(tree(path)):
        theirs = isinstance(node, ast.FunctionDef) and (
            node.name == "command" or ast.unparse(node.body) == "..."  # click's call, libkis' rows
        )
        if isinstance(node, ast.FunctionDef) and not theirs:
            named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            assert len(named) <= PARAMETERS, f"{node.name} takes {len(named)}"


@each_file
def test_file_says_what_it_is_for(path):
    said = ast.get_docstring(tree(path)) or ""
    assert said.split("\n\n")[0].rstrip().endswith((".", "!", "?", ":")), "no opening sentence"


@each_file
def test_docstrings_explain_only_what_is_there(path):
    """Rows like `name, other  what they are` under a value or a function name its own parts."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef) and node.decorator_list:
            there = {one.target.id for one in node.body if isinstance(one, ast.AnnAssign)}
            there |= {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            there = {one.arg for one in [*node.args.args, *node.args.kwonlyargs]}
        else:
            continue
        rows = re.findall(r"^([a-z_]+(?:, [a-z_]+)*)  +\S", ast.get_docstring(node) or "", re.M)
        named = {name for row in rows for name in row.split(", ")}
        assert named <= there, f"{node.name} has no {named - there}"


@pytest.mark.parametrize("folder", folders(), ids=name_of)
def test_every_folder_opens_with_what_belongs_in_it(folder):
    said = ast.get_docstring(tree(folder / "__init__.py")) or ""
    lines = [line for line in said.splitlines() if line.strip()]
    assert len(lines) >= 2, f"{name_of(folder)}/__init__.py says too little"


@pytest.mark.parametrize("folder", folders(), ids=name_of)
def test_no_folder_lies_flat(folder):
    """A registry holds a file for each of its entries, however many; every other folder is read."""
    files = list(folder.glob("*.py"))
    assert len(files) <= FLAT or (folder.parent == ENGINE and folder.name in KINDS)


@each_file
def test_what_a_file_exports_is_there(path):
    """`from package import *` fails at a name in `__all__` that the file does not have."""
    there, exported = set(), []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            there |= {one.asname or one.name for one in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            there.add(node.name)
        elif isinstance(node, ast.Name):
            there.add(node.id)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            exported = ast.literal_eval(node.value) if isinstance(node.value, ast.List) else []
    assert set(exported) <= there


def test_the_map_of_the_house_has_every_folder():
    said = (ROOT / "docs" / "house.md").read_text("utf-8")
    for root, house in ((ENGINE, FILES), (PLUGIN, FILES), (ROOT / "lab", LAB)):
        rooms = {path.parent for path in house if root in path.parent.parents}
        missing = [room for room in rooms if f"`{room.relative_to(root).as_posix()}/`" not in said]
        assert not missing


def crowded(files):
    """Public functions' names that more than HOMES files define, outside the kinds' contracts."""
    homes = defaultdict(list)
    for path in files:
        for node in tree(path).body:
            public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if public and not (node.name in CONTRACT and room_of(path) in {*KINDS, "flow"}):
                homes[node.name].append(name_of(path))
    homes.pop("command", None)  # every command is called that, and nothing else is
    return {name: where for name, where in homes.items() if len(where) > HOMES}


def test_a_word_means_one_thing_in_the_house():
    assert not crowded(CORE)


@each_engine_file
def test_every_name_that_a_file_offers_is_in_it(path):
    """`__all__` is what `from X import *` takes; a name that was renamed away would fail there."""
    body = {getattr(node, "id", getattr(node, "name", "")) for node in ast.walk(tree(path))}
    bound = body | {name.rsplit(".", 1)[-1] for name in imports(path)}
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names = [one for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
            assert {one.value for one in names} <= bound


@each_engine_file
def test_engine_knows_nothing_of_qt_or_krita(path):
    assert not {name.split(".")[0] for name in imports(path)} & {"PyQt5", "PyQt6", "krita"}


@each_plugin_file
def test_plugin_uses_only_the_standard_library(path):
    allowed = set(sys.stdlib_module_names) | {"glassine_krita"}
    allowed |= {"qt.py": {"PyQt5", "PyQt6", "pykrita"}, "libkis.py": {"krita"}}.get(
        path.name, set()
    )
    foreign = {name.split(".")[0] for name in imports(path)} - allowed
    if path == PLUGIN / "__init__.py":  # Krita starts a plugin here, and hands it over by name
        foreign -= {"krita"}
    assert not foreign


@each_engine_file
def test_imports_point_one_way(path):
    goes_down(path, ROOMS)
    here = room_of(path)
    for there, _ in modules(path):
        assert there == here or not {here, there} <= KINDS, f"{here} and {there} must not meet"


@pytest.mark.parametrize("path", sorted((ENGINE / "flow").glob("[a-z]*.py")), ids=name_of)
def test_the_way_of_an_artwork_goes_down(path):
    rank = ranks(FLOW)
    assert path.stem in rank, f"{path.stem} has no row in FLOW yet; give it one"
    for room, there in modules(path):
        if room == "flow" and there != path.stem:
            assert rank[there] < rank[path.stem], f"{path.stem} imports {there}"


@each_plugin_file
def test_the_plugin_points_one_way(path):
    goes_down(path, PLUGIN_ROOMS)


@each_engine_file
def test_only_units_and_pixels_know_255(path):
    numbers = {
        node.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    }
    exact = path in (ENGINE / "units.py", ENGINE / "pixels" / "grid.py")
    assert exact or not numbers & {255, 127.5, 65535}


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


@pytest.mark.parametrize("path", sorted((ENGINE / "service").glob("*.py")), ids=name_of)
def test_what_the_service_remembers_belongs_to_its_session(path):
    """A module keeps no notes: what two requests share is in `service.state.State`."""
    for node in tree(path).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        for target in targets:
            loose = isinstance(target, ast.Name) and not target.id.strip("_").istitle()
            assert not loose or target.id.isupper() or target.id in ("Json", "Blobs", "Method"), (
                f"{target.id} is remembered by a module"
            )


def test_frames_are_one_file_in_two_places():
    ours = (ENGINE / "service" / "frames.py").read_bytes()
    assert ours == (PLUGIN / "engine" / "frames.py").read_bytes()


def test_top_folders_are_not_packages():
    """`packaging` and `core` would shadow installed packages of the same name."""
    tops = ("core", "packaging", "scripts", "krita_plugin", "tests", "lab")
    assert not [top for top in tops if (ROOT / top / "__init__.py").exists()]


GUARDS = [
    (test_imports_point_one_way, "targets", '"""Bad."""\nfrom ..surrogates import SURROGATES\n'),
    (test_imports_point_one_way, "pixels", '"""Bad."""\nfrom ..flow.plan import plan\n'),
    (test_imports_point_one_way, "attic", '"""Bad."""\n'),
    (test_the_way_of_an_artwork_goes_down, "flow/plan.py", "from .deliver import deliver\n"),
    (test_the_way_of_an_artwork_goes_down, "flow/shortcut.py", '"""Bad."""\n'),
    (test_only_units_and_pixels_know_255, "pixels", "X = 255\n"),
    (test_file_says_what_it_is_for, "pixels", '"""Bad"""\n'),
    (test_what_a_file_exports_is_there, "pixels", '__all__ = ["gone"]\n'),
    (
        test_docstrings_explain_only_what_is_there,
        "flow",
        'def f(a):\n    """X.\n\n    b  y\n    """\n',
    ),
    (test_functions_fit_on_one_screen, "pixels", "def f():\n" + "    x = 1\n" * 40),
    (test_arguments_that_travel_together_are_a_value, "pixels", "def f(a,b,c,d,e,f,g,*,h): 0\n"),
    (test_engine_knows_nothing_of_qt_or_krita, "flow", "def f():\n    from PyQt6 import QtCore\n"),
    (test_nothing_is_printed_outside_the_command_line, "flow", "print(1)\n"),
    (test_no_chance_but_through_a_generator, "explore", "import torch\ntorch.rand(3)\n"),
    (test_what_the_service_remembers_belongs_to_its_session, "service", "_kept = {}\n"),
    (test_what_the_service_remembers_belongs_to_its_session, "service", "_kept: dict = {}\n"),
]


@pytest.mark.parametrize(("rule", "place", "text"), GUARDS, ids=lambda x: getattr(x, "__name__", x))
def test_the_rules_see_what_they_forbid(monkeypatch, rule, place, text):
    """The guards themselves, each on a file that breaks it."""
    bad = ENGINE / (place if place.endswith(".py") else f"{place}/never_written.py")
    monkeypatch.setattr(Path, "read_text", lambda self, *_: text)
    tree.cache_clear()
    with pytest.raises(AssertionError):
        rule(bad)
    tree.cache_clear()


PLUGIN_GUARDS = [
    (test_plugin_uses_only_the_standard_library, "studio/x.py", "import requests\n"),
    (test_plugin_uses_only_the_standard_library, "studio/x.py", "import krita\n"),
    (test_the_plugin_points_one_way, "words/x.py", "from ..views import main\n"),
]


@pytest.mark.parametrize(("rule", "place", "text"), PLUGIN_GUARDS)
def test_the_plugins_rules_see_what_they_forbid(monkeypatch, rule, place, text):
    monkeypatch.setattr(Path, "read_text", lambda self, *_: text)
    tree.cache_clear()
    with pytest.raises(AssertionError):
        rule(PLUGIN / place)
    tree.cache_clear()


def test_the_rules_of_folders_see_what_they_forbid(tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").write_text('"""One line."""\n')
    with pytest.raises(AssertionError, match="says too little"):
        test_every_folder_opens_with_what_belongs_in_it(room)
    for number in range(FLAT):
        (room / f"file{number}.py").write_text("def told(): 0\n")
    with pytest.raises(AssertionError):
        test_no_folder_lies_flat(room)


def test_the_rule_of_words_sees_what_it_forbids(monkeypatch):
    monkeypatch.setattr(Path, "read_text", lambda self, *_: "def told(): 0\ndef read(): 0\n")
    tree.cache_clear()
    rooms = ("pixels", "explore", "evidence", "marks")
    assert set(crowded([ENGINE / room / "a.py" for room in rooms])) == {"told", "read"}
    tree.cache_clear()
