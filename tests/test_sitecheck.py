"""What a site really says: folders, a real nginx on loopback, and servers that answer badly."""

import json
import time

import planted
import pytest
from glassine.errors import NotUsable
from glassine.sitekit import checked, kit, robots, rsl, write
from glassine.sitekit.check import findings
from glassine.sitekit.fetch import LARGEST, of_address
from glassine.sitekit.policies import reserved
from planted import packet
from typed import run
from webserver import nginx, scripted, send

TDM = 'xmlns:t="http://www.w3.org/ns/tdmrep/" t:reservation="{}"'
PAGE = "<html><head>{}</head><body><img src='a.png'><img src='sub/b.jpg'></body></html>"


def told(found, level=None):
    return "\n".join(str(one.says) for one in found if level in (None, one.level))


@pytest.fixture
def site(tmp_path):
    """A folder with the kit in it, a page and two pictures, one of which speaks for itself."""
    root = tmp_path / "site"
    root.mkdir()
    pieces = kit("https://example.org/l", site="http://127.0.0.1/")
    write(root, pieces)
    head = next(one.text for one in pieces if one.path == "head.html")
    (root / "index.html").write_text(PAGE.format(head))
    (root / "sub").mkdir()
    (root / "a.png").write_bytes(planted.plain("png"))
    (root / "sub/b.jpg").write_bytes(planted.plain("jpeg", xmp=packet("", TDM.format(1))))
    return root


@pytest.fixture
def include(site):
    return f"include {site}/headers-nginx.conf;"


# --- a folder -------------------------------------------------------------------------------------


def test_a_folder_with_the_kit_has_no_gap(site, capsys):
    assert run("sitekit", "check", site) == 0
    said = capsys.readouterr().out
    for word in ("171 of the 171", "prohibits ai-all", "/a.png: reserved, by the file tdmrep.json"):
        assert word in said
    assert "sub/b.jpg: reserved, by what the page or file itself says" in said
    assert "headers say shows when" in said, "a folder has none"


def test_the_exit_code_and_json_tell_of_gaps(site, capsys):
    (site / "robots.txt").unlink()
    assert run("sitekit", "check", site, "--json") == 1
    rows = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in rows if one["level"] == "gap"] == ["site.gone"]


def test_what_is_no_folder_and_no_address_is_refused(tmp_path):
    with pytest.raises(NotUsable, match="is not a folder"):
        checked(str(tmp_path / "absent"))
    with pytest.raises(NotUsable, match="not a web address"):
        checked("http://")


def test_nothing_outside_the_folder_is_read(site):
    (site.parent / "secret.html").write_text("<meta name='robots' content='Zq7'>")
    (site / "index.html").unlink()
    (site / "index.html").symlink_to(site.parent / "secret.html")
    assert "Zq7" not in told(checked(str(site)))


# --- a real nginx ---------------------------------------------------------------------------------


def test_a_site_with_the_snippet_in_place_has_no_gap(site, include):
    licence = f"location = /license.xml {{ types {{ }} default_type {rsl.KIND}; }}"
    with nginx(site, f"{include} {licence}") as url:
        found = checked(url)
    assert not told(found, "gap"), told(found, "gap")
    assert f"{url}a.png: the headers say noai, noimageai, tdm-reservation: 1" in told(found)


@pytest.mark.parametrize(
    ("inside", "lost"),
    [
        ("add_header Cache-Control public;", True),
        ("add_header Cache-Control public; {include}", False),
        ("expires 30d;", False),
        ("location ~ b {{ add_header X-Own 1; }} {include}", True),
    ],
    ids=("its own header", "and the snippet", "expires", "one inside it"),
)
def test_headers_that_a_location_drops_are_noticed(site, include, inside, lost):
    location = f"location ~ \\.(png|jpg)$ {{{{ {inside} }}}}"
    with nginx(site, include + location.format(include=include)) as url:
        found = told(checked(url), "gap")
    assert ("the page has the headers and these files have not" in found.lower()) is lost
    assert ("sub/b.jpg" in found) is lost


def test_header_file_and_page_disagree_and_it_is_said_which_counts(site, include):
    (site / ".well-known/tdmrep.json").write_text('[{"location": "/", "tdm-reservation": 0}]')
    with nginx(site, include) as url:
        found = told(checked(url))
    assert f"{url}a.png: the file tdmrep.json says otherwise, and the header counts" in found
    assert f"{url}a.png: reserved, by the header." in found


@pytest.mark.parametrize("value", ("0", "2"))
def test_the_header_may_also_give_the_pictures_away(site, value):
    with nginx(site, f"location /a.png {{ add_header tdm-reservation {value}; }}") as url:
        found = told(checked(url), "gap")
    assert (f"{url}a.png: NOT reserved, by the header" in found) is (value == "0")
    assert "b.jpg: NOT" not in found, "and what is no value says nothing"


def test_the_strictest_of_header_and_page_is_named(site):
    (site / "index.html").write_text(PAGE.format("<meta name=robots content=noindex>"))
    with nginx(site, "add_header X-Robots-Tag noai;") as url:
        assert "“noai” and the page “noindex”: search engines take the strictest" in told(
            checked(url)
        )


# --- robots.txt -----------------------------------------------------------------------------------

ROBOTS = {
    "for everybody, twice": (
        "User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /b\n",
        "2 groups for everybody",
    ),
    "joined": (
        "User-agent: *\nContent-Signal: ai-train=no\n\nUser-agent: Bad\nDisallow: /\n",
        "whatever that one refuses is refused to everybody",
    ),
    "engines": ("User-agent: *\nDisallow: /\n", "refuses search engines too: Googlebot"),
    "outside": ("Content-Signal: ai-train=no\nUser-agent: *\nAllow: /\n", "belongs to nobody"),
    "own group": (
        "User-agent: *\nContent-Signal: ai-train=no\nAllow: /\nUser-agent: Bingbot\nAllow: /\n",
        "bingbot have a group of their own",
    ),
    "short licence": ("License: /license.xml\nUser-agent: *\nAllow: /", "not a full address"),
    "foreign licence": ("License: https://b.example/l.xml\nUser-agent: *\nAllow: /", "not asked"),
    "Yoast": ("# START YOAST BLOCK\nUser-agent: *\nDisallow:\n", "Yoast SEO writes anew"),
    "Cloudflare": ("# BEGIN Cloudflare Managed content\nUser-agent: *\nAllow: /", "Cloudflare"),
    "a score": ("License: http://127.0.0.1/l.xml\nUser-agent: *\nAllow: /", "Lighthouse"),
    "one let in": (
        next(one.text for one in kit() if one.path == "robots.txt").replace(
            "User-agent: GPTBot\n", ""
        ),
        "lets in one of the AI agents that the kit names: GPTBot",
    ),
}


@pytest.mark.parametrize("what", ROBOTS)
def test_what_robots_txt_says_by_mistake_is_said(site, what):
    text, words = ROBOTS[what]
    with scripted(
        lambda handler, path: send(handler, text.encode() * (path == "/robots.txt"))
    ) as u:
        assert words in told(findings(of_address(u), u))


@pytest.mark.parametrize(
    ("text", "agent", "path", "refused"),
    [
        ("User-agent: A\nDisallow: /\nAllow: /open", "a", "/open/x", False),
        ("User-agent: A\nDisallow: /x\nAllow: /x", "A", "/x", False),
        ("User-agent: A\nDisallow: /*.png$", "A", "/b/a.png", True),
        ("User-agent: A\nDisallow: /*.png$", "A", "/a.png?x", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: A\nAllow: /b", "A", "/x", False),
        ("User-agent: A\nDisallow: /b\n\nUser-agent: A\nDisallow: /c", "A", "/c", True),
        ("User-agent: A\nUser-agent: B\nDisallow: /", "B", "/", True),
        ("User-agent: A\nDisallow:", "A", "/", False),
        ("\ufeffUser-agent: A\r\nDisallow: /\r\n", "A", "/", True),
        ("Disallow: /", "A", "/", False),
    ],
)
def test_robots_txt_is_read_as_rfc_9309_has_it(text, agent, path, refused):
    assert robots.read_robots(text.removeprefix("\ufeff")).refuses(agent, path) is refused


def test_a_groups_own_licence_goes_before_the_one_for_all():
    read = robots.read_robots("License: g\nUser-agent: A\nAllow: /\nLicense: a\n\nUser-agent: *\n")
    assert read.licences("A") == ["a"] and read.licences("B") == ["g"]


# --- answers that are none ------------------------------------------------------------------------


def only(path, wrong):
    """A server that answers wrongly for one path and well for all others."""

    def answer(handler, asked):
        if asked == path:
            wrong(handler)
        else:
            send(handler, b"<html></html>" if asked == "/" else b"", Content_Type="text/html")

    return scripted(answer)


def drops(handler):
    """A body that never ends, in drops."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(2000):
        handler.wfile.write(b"#")
        handler.wfile.flush()
        time.sleep(0.01)


BAD = {
    "absent": (lambda h: send(h, status=404), "the answer is 404. Crawlers may take everything"),
    "gone": (lambda h: send(h, status=410), "410. Crawlers may take everything"),
    "broken": (lambda h: send(h, status=503), "503. Until that ends, crawlers have to stay away"),
    "cut": (lambda h: h.wfile.write(b"HTT"), "no connection"),
    "silent": (lambda h: time.sleep(3), "no answer within"),
    "in drops": (drops, "no answer within"),
    "a loop": (
        lambda h: send(h, status=302, Location="/robots.txt"),
        "redirects more than 5 times",
    ),
    "elsewhere": (
        lambda h: send(h, status=301, Location="http://192.0.2.1/robots.txt"),
        "redirects to another host, 192.0.2.1, which was not asked",
    ),
    "no address": (lambda h: send(h, status=301, Location="ftp://127.0.0.1/"), "another host"),
    "a page": (
        lambda h: send(h, b"<!doctype html><p>Welcome", Content_Type="text/html"),
        "a web page stands in its place",
    ),
    "huge": (
        lambda h: send(h, b"#" * (LARGEST + 10), Content_Type="text/plain"),
        "larger than 500 kB",
    ),
    "another type": (
        lambda h: send(h, b"User-agent: *\nAllow: /", Content_Type="application/octet-stream"),
        "sent as application/octet-stream, not as text/plain",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_policy_that_cannot_be_had_is_explained(what):
    wrong, words = BAD[what]
    with only("/robots.txt", wrong) as url:
        assert words in told(findings(of_address(url, patience=0.4), url))


def test_a_server_that_is_not_there_is_explained_in_the_time_for_all():
    with scripted(lambda handler, path: time.sleep(1)) as url:
        found = findings(of_address(url, patience=5, whole=0.3), url)
    assert "no answer within" in told(found, "gap")
    assert "no connection" in told(
        findings(of_address("http://127.0.0.1:9/"), "http://127.0.0.1:9/")
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"location": "/"}', "it is not a list of rules"),
        (b"[1]", "it is not a list of rules"),
    ],
)
def test_a_broken_tdmrep_is_explained(body, words):
    with only("/.well-known/tdmrep.json", lambda h: send(h, body)) as url:
        assert words in told(findings(of_address(url), url), "gap")


@pytest.mark.parametrize(
    ("rules", "path", "value"),
    [
        ([{"location": "/a/*.png", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}],
         "/a/b.png", "0"),
        ([{"location": "/", "tdm-reservation": "1"}], "/a", ""),
        ([{"location": "/", "tdm-reservation": True}], "/a", ""),
        ([{"location": "/b", "tdm-reservation": 1}], "/a", ""),
        ([{}], "/a", ""),
        ([{"location": None, "tdm-reservation": 2}], "/a", ""),
    ],
)  # fmt: skip
def test_the_first_rule_that_matches_counts(rules, path, value):
    assert reserved(rules, path) == value


RSL = '<rsl xmlns="https://rslstandard.org/rsl">{}</rsl>'
FAULTS = {
    "it is not XML": "<rsl",
    "doctype": '<!DOCTYPE a [<!ENTITY b "c">]><a/>',
    "its root is no <rsl>": "<rsl/>",
    "lacks its url or its <license>": RSL.format('<content url="/"/>'),
    "<terms> stands in <license>": RSL.format(
        '<content url="/"><license><terms>x</terms></license></content>'
    ),
    "<permit> stands in <license>": RSL.format(
        '<content url="/"><license><permit/></license></content>'
    ),
    "does not prohibit AI": RSL.format(
        '<content url="/"><license><permits type="usage">all</permits></license></content>'
    ),
}


@pytest.mark.parametrize("words", FAULTS)
def test_a_licence_that_is_none_is_explained(words):
    found = list(rsl.faults(FAULTS[words].encode()))
    assert words in " ".join(f"{one} {one.details()}" for one in found)
