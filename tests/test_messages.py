"""Codes, fields and words: what the source says has a row in every table, and nothing else has."""

import ast
import json
import re
import string
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest
from glassine.cli import speech
from glassine.errors import NotUsable
from glassine.flow.catalogue import entry_words
from glassine.messages import (
    LANGUAGES,
    Message,
    from_plain,
    in_words,
    message,
    to_plain,
    with_english,
)

CORE = Path(__file__).resolve().parents[1] / "core" / "glassine"
TABLES = CORE / "messages"

SPEAKERS = ("message", "phrase", "misused")
"""Functions that take a code and its fields, besides the errors that are made of them."""

MATCHERS = {
    "causes.py": "what torch and the libraries below it say of memory and cards",
    "flow/pages.py": "the data inside a page of ours",
    "sitekit/robots.py": "a path pattern of robots.txt",
    "formats/carried/pictures.py": "beginnings of pictures, and lines of base64",
    "formats/carried/xmp.py": "places on disks in what a file says",
    "targets/concept.py": "spaces and an article around an artist's word",
}
"""Files that use regular expressions, and on what."""

SAME = {"cli.models_got", "cli.yes_or_no"}
"""Rows whose few letters are right in two languages: German says "in" too, Japanese types y, N."""

COMMAND = (
    r"`|\bglassine [a-z]+\b|(?<![\w}-])--?[a-z][\w-]*|\bpip3? install\b|\b\w+\.py\b"
    r"|\b[A-Z]\w*(Error|Exception|Model|KL|Pipeline)\b"
)
"""What a terminal or a programmer would understand: `glassine find`, --own, -o, UNet2DModel."""

PROPER = re.compile(r"\{[^}]*\}|[\W\d_]|\b[A-Z][\w.-]*|SSIM\w*|px\b|ffdnet|waifu2x|embedded")
"""What is the same in every language: gaps, signs, names."""


# --- what the source says ------------------------------------------------------------------------


@dataclass
class Said:
    """One place that makes a message, or several of one code.

    fields  the names that are given; `open` where more come out of a dict
    """

    place: str
    code: str
    fields: frozenset[str]
    open: bool


@dataclass
class Heard:
    """Everything that a walk through the source found.

    begun   beginnings of codes whose end is a name: message(f"surrogate.{name}")
    texts   every string in the source, whatever it is for
    unsaid  places at which an error of ours is made of something that is no code
    """

    said: list[Said] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    unsaid: list[str] = field(default_factory=list)


def error_names(trees):
    """Our errors, all of them; and those whose own __init__ takes no code."""
    bases = {"GlassineError"}
    own = set()
    classes = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
    for _ in range(3):  # as deep as they inherit
        for one in classes:
            if {getattr(base, "id", "") for base in one.bases} & bases:
                bases.add(one.name)
    for one in classes:
        makers = [n for n in one.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
        codes = [arg.arg for n in makers for arg in [*n.args.posonlyargs, *n.args.args]]
        if one.name in bases and makers and "code" not in codes:
            own.add(one.name)
    return bases, own


def called(node):
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def first_codes(node):
    """The literal codes that a call may have: one, or the two of `"a.b" if x else "a.c"`."""
    if isinstance(node, ast.IfExp):
        return [*first_codes(node.body), *first_codes(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def names_at_hand(function):
    """Literals that a name in that function may stand for: assigned, or looped over."""
    found = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).extend(first_codes(node.value))
        if isinstance(node, ast.For) and isinstance(node.target, ast.Tuple):
            rows = getattr(node.iter, "elts", [])
            for at, name in enumerate(node.target.elts):
                for row in rows:
                    parts = getattr(row, "elts", [])
                    found.setdefault(name.id, []).extend(first_codes(parts[at]) if parts else [])
    return found


def heard(sources):
    """{file: text} -> everything that is said in them."""
    trees = {name: ast.parse(text) for name, text in sources.items()}
    errors, own = error_names([*trees.values(), ast.parse((CORE / "errors.py").read_text("utf-8"))])
    found = Heard()
    for name, tree in trees.items():
        at_hand = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                for inner in ast.walk(node):
                    at_hand[inner] = node  # the innermost is walked last
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.texts.add(node.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                listen(node, f"{name}:{node.lineno}", at_hand.get(node), (errors, own), found)
    return found


def listen(node, place, function, errors, found):
    """One call: a message, an error made of a code, or something else."""
    every, own = errors
    name, first = called(node), node.args[0]
    inside = isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "super().__init__"
    error = name in every - own and len(node.args) == 1
    if not (name in SPEAKERS or error or (inside and first_codes(first))):
        return
    if isinstance(first, ast.Name) and function is not None:
        codes = names_at_hand(function).get(first.id, [])
    else:
        codes = first_codes(first)
    if isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
        found.begun.add(first.values[0].value)
    if error and (
        any(" " in code for code in codes)
        or isinstance(first, ast.JoinedStr | ast.BinOp | ast.Call)
    ):
        found.unsaid.append(place)
    fields = frozenset(word.arg for word in node.keywords if word.arg)
    opened = any(word.arg is None for word in node.keywords)
    found.said += [Said(place, code, fields, opened) for code in codes if " " not in code]


# --- the tables ----------------------------------------------------------------------------------


def gaps(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def base(code):
    return code.removesuffix(".one")


def without_words(said, tables):
    """Codes that some language has no row for."""
    codes = {one.code for one in said}
    return {f"{code} ({tongue})" for code in codes for tongue, t in tables.items() if code not in t}


def misfits(said, tables):
    """Places whose fields are not the gaps of the row. `count` picks the row, and may be unsaid;
    `details` is for a bug report and in no row."""
    found = set()
    for one in said:
        for table in tables.values():
            wanted = gaps(table.get(one.code, ""))
            lacking = set() if one.open else wanted - one.fields
            lacking |= gaps(table.get(f"{one.code}.one", "")) - wanted
            if one.code in table and (lacking or one.fields - wanted - {"count", "details"}):
                found.add(f"{one.place} {one.code}")
    return found


def foreign_words(sources):
    """Places where what a library says fills a gap, or a message's code is made of a class."""
    raw = re.compile(r"\bstr\((error|why)\b|\brepr\(|\bstrerror\b|\.__name__\b|\bdetails_of\(")
    return {
        f"{name}:{node.lineno} {word.arg}"
        for name, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        for word in node.keywords
        if word.arg not in ("details", None) and raw.search(ast.unparse(word.value))
    }


def unused(found, tables, entries):
    """Rows that nothing in the source says."""
    codes = {base(code) for table in tables.values() for code in table}
    codes -= {one.code for one in found.said} | found.texts | set(entries)
    return {code for code in codes if not code.startswith(tuple(found.begun) or ("\0",))}


def unlike(tables):
    """Codes that one language has and another has not, each with the one that lacks it."""
    every = set().union(*tables.values())
    return {
        f"{code} ({tongue})" for code in every for tongue in tables if code not in tables[tongue]
    }


def untranslated(tables):
    """Rows with a word in them that are in English in another language too."""
    return {
        f"{code} ({tongue})"
        for tongue in tables
        for code, text in tables[tongue].items()
        if tongue != "en" and text == tables["en"].get(code) and PROPER.sub("", text)
    } - {f"{code} ({tongue})" for code in SAME for tongue in tables}


def matching(sources):
    """Files that use regular expressions."""
    return {
        name
        for name, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Import) and any(one.name == "re" for one in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "re")
    }


def printed(sources):
    """Places where the command line says something that is in no table."""
    return {
        f"{name}:{node.lineno}"
        for name, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and called(node) in ("echo", "UsageError", "BadParameter")
        for part in ast.walk(node)
        if isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", part.value)
    }


def naming_commands(rows):
    """Rows with a command, an option or a Python class in them."""
    classes = {
        node.name
        for text in sources().values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and re.search("[a-z][A-Z]", node.name)
    }
    named = re.compile(COMMAND + rf"|\b({'|'.join(sorted(classes))})\b")
    return {code for code, text in rows.items() if named.search(text)}


def engine_rows():
    """All that can reach the docker: the command line's own words cannot."""
    every = {
        f"{code} {tongue}": text for tongue, t in read_tables().items() for code, text in t.items()
    }
    return {code: text for code, text in every.items() if not code.startswith("cli.")}


def docker_rows():
    path = CORE.parents[1] / "krita_plugin/glassine_krita/words/texts.json"
    table = json.loads(path.read_text("utf-8"))
    return {f"{code} {tongue}": text for code, row in table.items() for tongue, text in row.items()}


@cache
def sources():
    files = {path.relative_to(CORE).as_posix(): path for path in sorted(CORE.rglob("*.py"))}
    return {name: path.read_text("utf-8") for name, path in files.items()}


@cache
def ours():
    return heard(sources())


@cache
def read_tables():
    """As they are used: English with the rows that entries bring along."""
    found = {tongue: json.loads((TABLES / f"{tongue}.json").read_text()) for tongue in LANGUAGES}
    return found | {"en": entry_words() | found["en"]}


ROWS = "core/glassine/messages/{en,de,ja}.json"
"""Where what these tests look at is mended."""


def nothing(found, what):
    """Fails with what was found and where to look, and not with the tables it was found in."""
    assert not found, f"{what}: {', '.join(sorted(map(str, found)))}"


def test_every_code_has_words_in_every_language():
    nothing(without_words(ours().said, read_tables()), f"said in the source, no row in {ROWS}")
    assert len(ours().said) > 300, "the walk through the source finds nothing any more"


def test_the_fields_of_a_message_are_the_gaps_of_its_row():
    found = misfits(ours().said, read_tables())
    nothing(found, f"the fields given there are not the gaps of its row in {ROWS}")


def test_what_a_library_says_fills_no_gap():
    nothing(foreign_words(sources()), "a library's own words fill a gap; give them to `details`")
    rows = read_tables()
    assert not [code for t in rows.values() for code, text in t.items() if "details" in gaps(text)]


def test_no_row_is_unused():
    found = unused(ours(), read_tables(), entry_words())
    nothing(found, f"nothing in the source says these rows of {ROWS}")


def test_no_error_is_made_of_a_sentence():
    nothing(ours().unsaid, f"an error takes the code of a row in {ROWS}, and here gets prose")


def test_no_regular_expression_reads_prose():
    """A new one is looked at by a person, who gives it a row."""
    assert matching(sources()) == set(MATCHERS)


def test_the_command_line_prints_nothing_that_is_in_no_table():
    rooms = {name: text for name, text in sources().items() if name.startswith("cli/")}
    nothing(printed(rooms), f"prose on the terminal that is in no row of {ROWS}")


def test_every_language_has_the_same_codes():
    nothing(unlike(read_tables()), f"a row is missing in the language beside it, in {ROWS}")


def test_no_row_is_left_in_english():
    nothing(untranslated(read_tables()), f"left in English in {ROWS}")
    en, *others = (read_tables()[tongue] for tongue in ("en", "de", "ja"))
    alike = {code for code in SAME if any(table[code] == en[code] for table in others)}
    nothing(SAME - alike, "differs by now; take it out of SAME")


def test_gaps_are_the_same_in_every_language():
    tables = read_tables()
    other = {
        f"{code} ({tongue})"
        for code, text in tables["en"].items()
        for tongue in LANGUAGES
        if gaps(tables[tongue].get(code, text)) != gaps(text)
    }
    nothing(other, f"gaps that are not those of the English row, in {ROWS}")


def test_what_an_entry_says_stands_in_its_own_file_and_nowhere_else():
    table = json.loads((TABLES / "en.json").read_text("utf-8"))
    nothing(
        set(entry_words()) & set(table), "an entry's English stands in its file, not in en.json"
    )


def test_no_row_of_the_engine_or_the_docker_names_a_command():
    """Both are read in the docker, where there is no terminal; the command line adds its hint."""
    found = naming_commands(engine_rows() | docker_rows())
    nothing(found, "names a command, an option or a class; those go into cli/speech.py")


@pytest.mark.parametrize("tongue", LANGUAGES)
def test_the_command_line_adds_what_does_it_also_for_a_reason(monkeypatch, tongue):
    monkeypatch.setenv("GLASSINE_LANGUAGE", tongue)
    wrong = message("passphrase.wrong", path="a.p12")
    said = speech.spoken(message("certificate.refused", name="a.p12", reason=wrong))
    assert said.count("glassine marks certificate a.p12 --remember") == 1
    lost = speech.spoken(message("weights.absent", name="flux1"))
    assert lost.count("glassine models get flux1") == 1


def test_every_hint_is_filled_by_its_message():
    for code, option in speech.OPTIONS.items():
        fields = [one.fields for one in ours().said if one.code == code]
        assert not [one for one in fields if gaps(option) - one], code


def test_options_are_added_to_messages_that_there_are():
    assert not set(speech.OPTIONS) - set(read_tables()["en"])


@pytest.mark.parametrize("tongue", LANGUAGES)
def test_a_table_is_sorted_with_a_line_for_each_row(tongue):
    text = (TABLES / f"{tongue}.json").read_text("utf-8")
    right = json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    for number, (there, wanted) in enumerate(zip_longest(text.split("\n"), right.split("\n")), 1):
        assert there == wanted, f"{tongue}.json, line {number}: rows are sorted by code, one a line"


# --- the guards themselves, each on something that breaks it -------------------------------------

SPEECH = {
    "en": {"a.said": "{name} is {count}", "a.said.one": "{name} is one"},
    "de": {"a.said": "{name} ist {count}", "a.said.one": "{name} ist eins"},
}


def guard(text):
    return heard({"a.py": text})


def test_a_code_without_a_row_is_seen():
    assert not without_words(guard('message("a.said", name=1, count=2)').said, SPEECH)
    lost = without_words(guard('NotUsable("a.lost")').said, SPEECH)
    assert lost == {"a.lost (en)", "a.lost (de)"}
    half = guard("speech.phrase('a.said' if x else 'a.other', name=1, count=2)").said
    assert without_words(half, SPEECH) == {"a.other (en)", "a.other (de)"}
    named = guard("def f():\n    code = 'a.said' if x else 'a.new'\n    message(code)").said
    assert {one.code for one in named} == {"a.said", "a.new"}
    looped = guard(
        "def f():\n    for a, b in ((1, 'a.said'), (2, 'a.too')):\n        phrase(b)"
    ).said
    assert {one.code for one in looped} == {"a.said", "a.too"}
    inside = "class Odd(NotUsable):\n    def __init__(self):\n        super().__init__('a.odd')\n"
    assert [one.code for one in guard(inside).said] == ["a.odd"]


@pytest.mark.parametrize(
    ("call", "fits"),
    [
        ('message("a.said", name=1, count=2)', True),
        ('message("a.said", **told)', True),
        ('message("a.said", name=1)', False),
        ('message("a.said", name=1, count=2, more=3)', False),
        ('message("a.said", wrong=1, **told)', False),
    ],
)
def test_fields_that_do_not_fit_are_seen(call, fits):
    assert (not misfits(guard(call).said, SPEECH)) is fits


def test_a_gap_that_only_the_row_for_one_has_is_seen():
    table = {"en": {"a.said": "{count}", "a.said.one": "{count} {name}"}}
    assert misfits(guard('message("a.said", count=1)').said, table)


@pytest.mark.parametrize(
    ("call", "foreign"),
    [
        ("message('a.said', reason=str(error))", True),
        ("message('a.said', reason=error.strerror or '')", True),
        ("Unreadable('a.said', kind=type(error).__name__)", True),
        ("Unreadable('a.said', given=repr(told)[:40])", True),
        ("message('a.said', reason=cause_of(error))", False),
        ("message('a.said', details=details_of(error))", False),
    ],
)
def test_a_librarys_words_in_a_gap_are_seen(call, foreign):
    assert bool(foreign_words({"a.py": call})) is foreign


def test_a_row_that_nobody_says_is_seen():
    said = guard('message("a.said", name=1, count=2)')
    assert not unused(said, SPEECH, ())
    assert unused(said, {"en": {"b.c": ""}}, ()) == {"b.c"}
    assert not unused(said, {"en": {"b.c": ""}}, ("b.c",))
    assert not unused(guard('message(f"b.{name}")'), {"en": {"b.c": ""}}, ())


@pytest.mark.parametrize(
    ("call", "flawed"),
    [
        ('raise NotUsable("a.said", name=1)', False),
        ("raise NotUsable(reason.code, **reason.fields)", False),
        ('raise UnknownEntry("style", name, known)', False),
        ('raise NotUsable("The picture is too small.")', True),
        ('raise errors.NotWritable(f"{path} is full")', True),
        ("raise Unreadable(str(error))", True),
        ('raise NotUsable("No: " + why)', True),
        ("class Odd(NotUsable): pass\nclass Other(Odd): pass\nraise Other('An odd one.')", True),
        ("raise ValueError('Not one of ours.')", False),
    ],
)
def test_an_error_made_of_a_sentence_is_seen(call, flawed):
    assert bool(guard(call).unsaid) is flawed


def test_a_regular_expression_is_seen():
    texts = {"a.py": "import re", "b.py": "from re import search", "c.py": "import rest"}
    assert matching(texts) == {"a.py", "b.py"}


def test_prose_on_the_terminal_is_seen():
    said = ('click.echo(phrase("a.said"))', 'click.echo(f"{a}: {b}")', 'click.echo(f"All is {a}")')
    texts = {f"{at}.py": text for at, text in enumerate((*said, "raise click.UsageError('Do so')"))}
    assert printed(texts) == {"2.py:1", "3.py:1"}


def test_a_language_that_lags_behind_is_seen():
    assert not unlike(SPEECH)
    assert unlike(SPEECH | {"ja": {}}) == {"a.said (ja)", "a.said.one (ja)"}
    assert untranslated({"en": {"a": "Do it"}, "de": {"a": "Do it"}}) == {"a (de)"}
    assert not untranslated({"en": {"a": "FLUX.2, {n} px"}, "de": {"a": "FLUX.2, {n} px"}})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Get it with: glassine models get", True),
        ("Choose another one (--again).", True),
        ("別の名前を選んでください: -o", True),
        ("Install it: pip install x", True),
        ("`x` failed", True),
        ("It failed (StyleTransferError).", True),
        ("a UNet2DModel of 256 px", True),
        ("raises NoSolution", True),
        ("python3 run.py", True),
        ("Auto-Contrast -- or not", False),
        ("Glassine opens PNG; LoRA and DreamBooth - 4-5 px", False),
    ],
)
def test_a_command_in_a_row_is_seen(text, named):
    assert bool(naming_commands({"a.b": text})) is named


# --- messages ------------------------------------------------------------------------------------


def test_a_message_comes_back_from_plain_data():
    inner = message("picture.named", name="a -> 'b'")
    said = message("read.stranger", what=inner, kind=message("stranger.gif"), formats=("a", "b"))
    assert from_plain(json.loads(json.dumps(to_plain(said)))) == said
    assert with_english(said)["says"] == str(said) and from_plain(with_english(said)) == said


def test_words_of_one_language_stay_together():
    said = message("doubt.visible", score=61.5, wanted=70.0)
    assert in_words(said, "de").endswith("SSIMULACRA2 62 statt 70.")
    nested = message("threat.aimed", works=message("threat.other"), aimed=message("threat.nothing"))
    assert in_words(nested, "de").endswith("Optimiert gegen: keinen.")
    one, two = (message("find.not_looked_at", count=count) for count in (1, 2))
    assert (str(one), str(two)) == (
        "1 file could not be looked at.",
        "2 files could not be looked at.",
    )
    assert in_words(message("cli.hours_left", hours=1.5), "de") == "noch 1,5 h"


def test_an_unknown_code_is_shown_as_it_is():
    assert str(Message("new.{code}")) == "new.{code}"
    assert str(NotUsable("new.code", name=1)) == "new.code"
