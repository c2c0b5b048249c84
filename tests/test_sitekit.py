"""The site kit says what its sources say, and promises nothing."""

import json
import urllib.robotparser
from datetime import date
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from glassine.cli.commands.sitekit import command
from glassine.errors import NotUsable, NotWritable
from glassine.sitekit import kit, write
from glassine.sitekit.kit import data

TRAINERS = (
    "GPTBot",
    "ClaudeBot",
    "CCBot",
    "Google-Extended",
    "Bytespider",
    "img2dataset",
    "LAIONDownloader",
    "meta-externalagent",
    "Applebot-Extended",
    "Amazonbot",
)


@pytest.fixture
def pieces():
    return {piece.path: piece.text for piece in kit("https://example.org/licence")}


def robots(text):
    parser = urllib.robotparser.RobotFileParser()
    parser.parse(text.splitlines())
    return parser


@pytest.mark.parametrize("agent", TRAINERS)
def test_trainers_are_refused_and_search_is_not(pieces, agent):
    parser = robots(pieces["robots.txt"])
    assert not parser.can_fetch(agent, "/picture.png")
    assert parser.can_fetch("Googlebot", "/picture.png")
    assert parser.can_fetch("Mozilla", "/picture.png")


def test_link_previews_are_spared_unless_refused(pieces):
    refused = {piece.path: piece.text for piece in kit(previews=False)}
    for agent in data()["previews"]:
        assert robots(pieces["robots.txt"]).can_fetch(agent, "/")
        assert not robots(refused["robots.txt"]).can_fetch(agent, "/")


def test_tdmrep_reserves_everything(pieces):
    (rule,) = json.loads(pieces[".well-known/tdmrep.json"])
    assert rule == {
        "location": "/*",
        "tdm-reservation": 1,
        "tdm-policy": "https://example.org/licence",
    }


def test_the_head_holds_meta_tags_and_nothing_else(pieces):
    found = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    Parser().feed(pieces["head.html"])
    assert {tag for tag, _ in found} == {"meta"}
    told = {attrs["name"]: attrs["content"] for _, attrs in found}
    assert told["robots"] == "noai, noimageai" and told["tdm-reservation"] == "1"


def test_every_server_gets_the_same_headers(pieces):
    for path in ("headers-apache.conf", "headers-nginx.conf", "headers-netlify.txt"):
        for part in ("X-Robots-Tag", "noai, noimageai", "tdm-reservation", "example.org/licence"):
            assert part in pieces[path], (path, part)


def test_every_piece_names_its_source_and_day():
    for source in data()["sources"].values():
        assert date.fromisoformat(source["read"]) and source["url"].startswith("https://")
    assert set(data()["pieces"].values()) <= set(data()["sources"])
    for piece in kit():
        assert piece.path == "READ-ME.txt" or (piece.source and " " in str(piece.where))


def test_no_agent_is_listed_twice_or_could_break_the_file():
    names = data()["agents"]
    assert len({name.casefold() for name in names}) == len(names)
    assert not [name for name in names if set(name) & set("\n\r#:*")]


def test_the_words_promise_nothing(pieces):
    told = " ".join([*pieces.values(), data()["says"], data()["limits"]]).lower()
    for word in ("protects", "blocks", "secure", "safe ", "guarantee"):
        assert word not in told
    assert "state" in told and "prevent nothing" in told


@pytest.mark.parametrize(
    "policy",
    ["example.org", "javascript:alert(1)", 'https://a.b/"onload=', "https://a.b/\nX: y", "http://"],
)
def test_an_address_that_could_break_a_header_is_refused(policy):
    with pytest.raises(NotUsable, match="not a web address"):
        kit(policy)


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "robots.txt").write_text("mine")
    with pytest.raises(NotWritable, match=r"robots\.txt.* already"):
        write(tmp_path, kit())
    assert [path.name for path in tmp_path.iterdir()] == ["robots.txt"], "and nothing half-written"


def test_the_command_writes_all_of_it(tmp_path):
    done = CliRunner().invoke(command, ["-o", str(tmp_path / "site")])
    assert done.exit_code == 0, done.output
    assert "do not keep anyone out" in done.output
    assert {
        str(path.relative_to(tmp_path / "site"))
        for path in (tmp_path / "site").rglob("*")
        if path.is_file()
    } == {piece.path for piece in kit()}
