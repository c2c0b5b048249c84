# ruff: noqa: RUF001
"""A command that was not understood, and that none of the words that say so are click's."""

import click
import pytest
from glassine.cli import cli, speech, usage
from glassine.cli.choices import OneOf, Switch
from glassine.cli.names import Name
from glassine.messages import message
from typed import run

WRONG = {
    "protect --qualty 3 a.png": (
        "There is no option --qualty. Did you mean --quality?",
        "Eine Option --qualty gibt es nicht. War --quality gemeint?",
        "--qualty というオプションはありません。--quality のことでしょうか？",
    ),
    "doctor -x": (
        "There is no option -x.",
        "Eine Option -x gibt es nicht.",
        "-x というオプションはありません。",
    ),
    "protect": ("PICTURE... is missing.", "PICTURE... fehlt.", "PICTURE... がありません。"),
    "batch in": ("-o / --out is missing.", "-o / --out fehlt.", "-o / --out がありません。"),
    "completion": (
        "SHELL is missing. Choose one of bash, zsh, fish.",
        "SHELL fehlt. Möglich sind bash, zsh, fish.",
        "SHELL がありません。bash、zsh、fishから選んでください。",
    ),
    "completion bsh": (
        "Invalid value for SHELL: 'bsh' is none of bash, zsh, fish. Did you mean 'bash'?",
        "Ungültiger Wert für SHELL: „bsh“ gibt es hier nicht, nur bash, zsh, fish. "
        "War „bash“ gemeint?",
        "SHELL の値が正しくありません: 「bsh」は選べません（bash、zsh、fish）。"
        "「bash」のことでしょうか？",
    ),
    "completion 7": (
        "Invalid value for SHELL: '7' is none of bash, zsh, fish.",
        "Ungültiger Wert für SHELL: „7“ gibt es hier nicht, nur bash, zsh, fish.",
        "SHELL の値が正しくありません: 「7」は選べません（bash、zsh、fish）。",
    ),
    "protect a.png --quality much": (
        "Invalid value for --quality: 'much' is not a whole number.",
        "Ungültiger Wert für --quality: „much“ ist keine ganze Zahl.",
        "--quality の値が正しくありません: 「much」は整数ではありません。",
    ),
    "protect a.png --quality 0": (
        "Invalid value for --quality: 0 is not allowed. It has to be at least 1, at most 100.",
        "Ungültiger Wert für --quality: 0 ist nicht erlaubt. Möglich ist: mindestens 1, "
        "höchstens 100.",
        "--quality の値が正しくありません: 0 は使えません。1以上、100以下にしてください。",
    ),
    "protect a.png --opacity much": (
        "Invalid value for --opacity: 'much' is not a number.",
        "Ungültiger Wert für --opacity: „much“ ist keine Zahl.",
        "--opacity の値が正しくありません: 「much」は数ではありません。",
    ),
    "protect a.png --opacity nan": (
        "Invalid value for --opacity: nan is not allowed. It has to be more than 0, at most 1.",
        "Ungültiger Wert für --opacity: nan ist nicht erlaubt. Möglich ist: mehr als 0, "
        "höchstens 1.",
        "--opacity の値が正しくありません: nan は使えません。0より大きい値、1以下にしてください。",
    ),
    "campaign new x --until soon": (
        "Invalid value for --until: 'soon' is not a day written like 2027-06-30.",
        "Ungültiger Wert für --until: „soon“ ist kein Tag in der Form 2027-06-30.",
        "--until の値が正しくありません: 「soon」は 2027-06-30 の形の日付ではありません。",
    ),
    "face check nowhere": (
        "Invalid value for FOLDER: there is no folder 'nowhere'.",
        "Ungültiger Wert für FOLDER: Einen Ordner „nowhere“ gibt es nicht.",
        "FOLDER の値が正しくありません: 「nowhere」というフォルダーはありません。",
    ),
    f"face check {__file__}": (
        f"Invalid value for FOLDER: '{__file__}' is a file, not a folder. Choose another.",
        f"Ungültiger Wert für FOLDER: „{__file__}“ ist eine Datei und kein Ordner. "
        "Wähle einen anderen Ort.",
        f"FOLDER の値が正しくありません: 「{__file__}」はフォルダーではなくファイルです。"
        "別の場所を選んでください。",
    ),
    "marks show a.png --trust /": (
        "Invalid value for --trust: '/' is a folder. Name a file in it.",
        "Ungültiger Wert für --trust: „/“ ist ein Ordner. Nenne eine Datei darin.",
        "--trust の値が正しくありません: 「/」はフォルダーです。"
        "その中のファイル名を指定してください。",
    ),
    "marks show a.png --trust no.pem": (
        "Invalid value for --trust: there is no file 'no.pem'.",
        "Ungültiger Wert für --trust: Eine Datei „no.pem“ gibt es nicht.",
        "--trust の値が正しくありません: 「no.pem」というファイルはありません。",
    ),
    "protect a.png --quality": (
        "--quality needs a value after it.",
        "Nach --quality fehlt ein Wert.",
        "--quality の後に値がありません。",
    ),
    "protect a.png --again=3": (
        "--again takes no value.",
        "--again nimmt keinen Wert an.",
        "--again には値を付けられません。",
    ),
    "doctor x y": (
        "That is more than the command takes: x, y.",
        "Das ist mehr, als der Befehl annimmt: x, y.",
        "コマンドに余分な言葉があります: x、y",
    ),
    "models lst": (
        "There is no command named 'lst'. Did you mean 'list'?",
        "Einen Befehl „lst“ gibt es nicht. War „list“ gemeint?",
        "「lst」というコマンドはありません。「list」のことでしょうか？",
    ),
    "site key frob": (
        "There is no command named 'frob'.",
        "Einen Befehl „frob“ gibt es nicht.",
        "「frob」というコマンドはありません。",
    ),
    "--": ("A command is missing.", "Es fehlt ein Befehl.", "コマンドがありません。"),
}
BEGUN = {"en": ("Usage: ", "Help: "), "de": ("Aufruf: ", "Hilfe: "), "ja": ("使い方: ", "ヘルプ: ")}
ERROR = {"en": "Error: ", "de": "Fehler: ", "ja": "エラー: "}
TONGUES = tuple(BEGUN)


def every_command(command=cli, path="glassine"):
    """(path, command), with those inside others."""
    yield path, command
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            yield from every_command(command.get_command(ctx, name), f"{path} {name}")


EVERY = dict(every_command())


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("typed", WRONG)
def test_what_was_not_understood_is_said_in_the_language_of_the_terminal(
    typed, tongue, monkeypatch, capsys
):
    monkeypatch.setenv("GLASSINE_LANGUAGE", tongue)
    assert run(*typed.split()) == 2
    how, where, nothing, said = capsys.readouterr().err.splitlines()
    assert how.startswith(BEGUN[tongue][0]) and where.startswith(BEGUN[tongue][1])
    assert where.endswith(" --help") and nothing == ""
    assert said == ERROR[tongue] + WRONG[typed][TONGUES.index(tongue)]


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("path", EVERY)
def test_every_command_says_so_of_a_wrong_option(path, tongue, monkeypatch, capsys):
    monkeypatch.setenv("GLASSINE_LANGUAGE", tongue)
    assert run(*path.split()[1:], "--no-such-thing") == 2
    *_, said = capsys.readouterr().err.splitlines()
    unknown = message("cli.option_unknown", name="--no-such-thing")
    assert said == ERROR[tongue] + speech.spoken(unknown)


def test_a_variable_is_named_where_the_wrong_value_stands_in_it(monkeypatch, capsys):
    monkeypatch.setenv("GLASSINE_KEEP_PATH", "perhaps")
    assert run("protect", "a.png") == 2
    said = capsys.readouterr().err
    assert "Invalid value for GLASSINE_KEEP_PATH: 'perhaps' is neither 1 (yes) nor 0 (no)." in said


@pytest.mark.parametrize(("tongue", "headings"), [("de", "Aufruf Optionen Befehle"), ("ja", "")])
def test_a_page_of_help_has_headings_in_that_language(tongue, headings, monkeypatch, capsys):
    monkeypatch.setenv("GLASSINE_LANGUAGE", tongue)
    headings = headings or "使い方 オプション コマンド"
    for words in (("--help",), ("models", "--help"), ("models",)):
        run(*words)
        told = capsys.readouterr()
        for heading in headings.split():
            assert f"{heading}:" in told.out + told.err
        assert "Usage:" not in told.out and "Commands:" not in told.out


def test_errors_of_click_that_nobody_foresaw_are_not_lost():
    told = usage.usage_lines(click.ClickException("a tape is torn"))
    assert told == [
        "Error: The command was not understood. (Details for a bug report: a tape is torn)"
    ]


@pytest.mark.parametrize("path", EVERY)
def test_no_command_uses_a_type_that_speaks_only_english(path):
    """Text cannot be wrong for click, and a switch only where it may stand in the environment."""
    command = EVERY[path]
    assert isinstance(command, usage.Command | usage.Group)
    for param in command.params:
        kind = param.type
        if isinstance(kind, click.types.BoolParamType):
            assert isinstance(kind, Switch) or not param.envvar, param.name
        elif isinstance(kind, click.Choice):
            assert isinstance(kind, OneOf), param.name
        elif isinstance(kind, click.Path):
            assert isinstance(kind, Name) and not kind.exists, param.name
        else:
            ours = type(kind).__module__.startswith("glassine.")
            assert ours or isinstance(kind, click.types.StringParamType), param.name
        assert param.nargs in (1, -1), "click counts them, with words of its own"


@pytest.mark.parametrize(
    ("tongue", "answers", "agreed"),
    [
        ("en", ("y",), True),
        ("en", ("perhaps", "no"), False),
        ("de", ("ja",), True),
        ("de", ("Y",), True),
        ("de", ("",), False),
        ("ja", ("はい",), True),
        ("ja", ("いいえ",), False),
    ],
)
def test_a_question_is_asked_and_answered_in_that_language(tongue, answers, agreed, monkeypatch):
    given, asked = iter(answers), []
    monkeypatch.setenv("GLASSINE_LANGUAGE", tongue)
    monkeypatch.setattr(click, "prompt", lambda said, **_: asked.append(said) or next(given))
    assert speech.confirmed(message("cli.stopped")) is agreed
    assert len(asked) == len(answers) and not list(given)
    assert asked[0].endswith("[j/N]" if tongue == "de" else "[y/N]")
