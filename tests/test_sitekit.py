"""The site kit says what its sources say, and promises nothing."""

import json
import os
import shutil
import socket
import subprocess
import urllib.request
import urllib.robotparser
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from glassine.cli.commands.sitekit import command
from glassine.errors import NotUsable, NotWritable
from glassine.sitekit import kit, write
from glassine.sitekit.kit import data
from waiting import until

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


def groups(text):
    """(agents, rules) of each group, as RFC 9309 has them."""
    found, names, rules = [], [], []
    for line in text.splitlines():
        key, _, value = line.partition("#")[0].partition(":")
        if key.strip().lower() == "user-agent":
            if rules:
                found.append((names, rules))
                names, rules = [], []
            names.append(value.strip())
        elif value and names:
            rules.append((key.strip().lower(), value.strip()))
    return [*found, (names, rules)]


def test_no_search_engine_is_refused_by_a_part_of_its_name(pieces):
    refused = [name.casefold() for name in groups(pieces["robots.txt"])[0][0]]
    for engine in ("Baiduspider", "Googlebot-Image", "Sogou web spider", "360Spider", "bingbot"):
        assert not [name for name in refused if name in engine.casefold()], engine
    assert "chatglm-spider" in refused and "bytespider" in refused


def test_an_existing_group_for_everybody_works_above_and_below_ours(pieces):
    """Ours allows nothing that theirs refuses, for readers who heed the first and the last one."""
    everybody = [rules for names, rules in groups(pieces["robots.txt"]) if "*" in names]
    assert everybody == [[("content-signal", data()["content_signal"])]], "and no rule of paths"
    theirs, ours = "User-agent: *\nDisallow: /private/\n", pieces["robots.txt"]
    for whole in (f"{theirs}\n{ours}", f"{ours}\n{theirs}", f"{ours}{theirs}"):
        parser = robots(whole)
        assert not parser.can_fetch("Mozilla", "/private/x") and parser.can_fetch("Mozilla", "/x")
        assert not parser.can_fetch("GPTBot", "/x")


def test_the_licence_is_named_in_robots_and_is_rsl():
    found = {one.path: one.text for one in kit("https://a.example/l", site="https://a.example/")}
    assert "License: https://a.example/license.xml\n" in found["robots.txt"]
    root = ElementTree.fromstring(found["license.xml"].encode())
    space = {"r": "https://rslstandard.org/rsl"}
    assert root.tag == "{https://rslstandard.org/rsl}rsl"
    assert root.find("r:content/r:license/r:prohibits", space).text == "ai-all"
    assert root.find("r:content/r:license/r:permits", space).text == "search"
    assert "License:" not in kit()[0].text


def answers(port):
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def served(tmp_path):
    """A real nginx on loopback with the kit's snippet; gives the headers of a picture."""
    if not shutil.which("nginx"):
        pytest.skip("nginx is not installed")
    (tmp_path / "a.png").write_bytes(b"picture")
    text = {one.path: one.text for one in kit("https://example.org/licence")}
    (tmp_path / "glassine.conf").write_text(text["headers-nginx.conf"])
    running = []

    def headers(location):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        user = "user root;" if os.geteuid() == 0 else ""  # this folder is its owner's alone
        (tmp_path / "nginx.conf").write_text(
            f"{user} daemon off; pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}}\n"
            f"http {{ access_log off; client_body_temp_path {tmp_path}/b; "
            f"proxy_temp_path {tmp_path}/p; fastcgi_temp_path {tmp_path}/f; "
            f"uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;\n"
            f"server {{ listen 127.0.0.1:{port}; root {tmp_path}; include {tmp_path}/glassine.conf;"
            f"\n{location.format(include=f'include {tmp_path}/glassine.conf;')} }} }}\n"
        )
        command = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
        running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        until(lambda: answers(port))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/a.png") as answer:
            return dict(answer.headers)

    yield headers
    for one in running:
        one.terminate()
        one.wait()


def test_a_real_nginx_sends_the_headers_with_pictures(served):
    assert served("")["X-Robots-Tag"] == "noai, noimageai"
    own = "location ~ \\.(png|jpg)$ {{ add_header Cache-Control public; {include} }}"
    told = served(own)
    assert told["Cache-Control"] == "public" and told["tdm-reservation"] == "1"
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
