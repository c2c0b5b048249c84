"""The site kit says what its sources say, and promises nothing."""

import json
import urllib.request
import urllib.robotparser
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from glassine.cli.commands.sitekit import command
from glassine.errors import NotUsable, NotWritable
from glassine.sitekit import kit, rsl, write
from glassine.sitekit import robots as reading
from glassine.sitekit.kit import data
from webserver import nginx

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


def test_no_search_engine_is_refused_by_a_part_of_its_name(pieces):
    refused = reading.read_robots(pieces["robots.txt"]).groups[0].names
    for engine in ("Baiduspider", "Googlebot-Image", "Sogou web spider", "360Spider", "bingbot"):
        assert not [name for name in refused if name in engine.casefold()], engine
    assert "chatglm-spider" in refused and "bytespider" in refused


def test_an_existing_group_for_everybody_works_above_and_below_ours(pieces):
    """Ours allows nothing that theirs refuses, for readers who heed the first and the last one."""
    theirs, ours = "User-agent: *\nDisallow: /private/\n", pieces["robots.txt"]
    for whole in (f"{theirs}\n{ours}", f"{ours}\n{theirs}", f"{ours}{theirs}"):
        read = reading.read_robots(whole)
        for refuses in (robots(whole).can_fetch, lambda *a, read=read: not read.refuses(*a)):
            assert not refuses("Mozilla", "/private/x") and refuses("Mozilla", "/x")
            assert not refuses("GPTBot", "/x")


@pytest.mark.parametrize("gap", ("", "\n", "\n\n"))
def test_what_follows_ours_is_refused_to_nobody_else(pieces, gap):
    """A group without a rule is joined with the next one by readers that follow RFC 9309."""
    whole = pieces["robots.txt"] + gap + "User-agent: BadBot\nDisallow: /\n"
    read = reading.read_robots(whole)
    assert read.refuses("BadBot") and not read.refuses("Mozilla") and not read.refuses("Googlebot")
    assert not robots(whole).can_fetch("BadBot", "/") and robots(whole).can_fetch("Mozilla", "/")
    joined = reading.read_robots(
        "User-agent: *\nContent-Signal: a=no\n\nUser-agent: B\nDisallow: /"
    )
    assert joined.refuses("Mozilla"), "this is why a last group ends ours"


def test_the_signal_is_told_to_those_who_have_a_group_of_their_own(pieces):
    read = reading.read_robots(pieces["robots.txt"])
    for name in ("GPTBot", "Mozilla"):
        assert read.values(name, "content-signal") == [data()["content_signal"]]


def test_the_licence_is_named_in_robots_and_is_rsl():
    found = {one.path: one.text for one in kit("https://a.example/l", site="https://a.example/")}
    assert "License: https://a.example/license.xml\n" in found["robots.txt"]
    root = ElementTree.fromstring(found["license.xml"].encode())
    space = {"r": "https://rslstandard.org/rsl"}
    assert root.tag == "{https://rslstandard.org/rsl}rsl"
    assert root.find("r:content/r:license/r:prohibits", space).text == "ai-all"
    assert root.find("r:content/r:license/r:permits", space).text == "search"
    assert root.find("r:content/r:terms", space).text == "https://a.example/l"
    assert not list(rsl.faults(found["license.xml"].encode()))
    assert rsl.refused_uses(root) == ("ai-all",)
    for where in ("head.html", "headers-apache.conf", "headers-nginx.conf", "headers-netlify.txt"):
        assert "https://a.example/license.xml" in found[where] and rsl.KIND in found[where]
    assert "License:" not in kit()[0].text


@pytest.fixture
def served(tmp_path):
    """A real nginx on loopback with the kit's snippet; gives the headers of a picture."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.png").write_bytes(b"picture")
    text = {one.path: one.text for one in kit("https://example.org/l", site="https://a.example")}
    (tmp_path / "glassine.conf").write_text(text["headers-nginx.conf"])

    def headers(location):
        include = f"include {tmp_path}/glassine.conf;"
        block = include + location.format(include=include)
        with nginx(root, block) as url, urllib.request.urlopen(url + "a.png") as answer:
            return dict(answer.headers)

    return headers


def test_a_real_nginx_sends_the_headers_with_pictures(served):
    assert served("")["X-Robots-Tag"] == "noai, noimageai"
    own = "location ~ \\.(png|jpg)$ {{ add_header Cache-Control public; {include} }}"
    told = served(own)
    assert told["Cache-Control"] == "public" and told["tdm-reservation"] == "1"
    assert told["Link"] == rsl.link("https://a.example")
    assert "X-Robots-Tag" not in served(own.replace("{include}", "")), "this is why it is said"


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
