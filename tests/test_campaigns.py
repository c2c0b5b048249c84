"""Campaigns: what is agreed on is what everybody aims at, and nothing false is joined."""

import json
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from glassine.campaigns import (
    Campaign,
    Pair,
    anchored,
    campaign_of,
    join,
    joined,
    joined_named,
    opened,
    sealed,
)
from glassine.campaigns.kept import campaigns_folder
from glassine.campaigns.signed import LARGEST, plainly
from glassine.cli import cli
from glassine.errors import NotUsable
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.marks import certificate
from glassine.messages import message
from glassine.plain import plain as to_plain
from glassine.service.asked import Wish
from glassine.service.methods import METHODS
from glassine.service.requests import wanted_intent
from glassine.service.state import State
from glassine.targets import concept

LATER = date(2999, 1, 1)


@pytest.fixture
def dogs():
    pairs = (
        anchored("dog", "cat", concept.found("cat", "cpu")),
        anchored("ship", "apple", torch.rand(3, 40, 60)),
    )
    return Campaign("a" * 32, "Dogs", pairs, "strong", LATER, "{concept}, painted by hand")


@pytest.fixture
def file(dogs, tmp_path):
    path = tmp_path / "dogs.campaign"
    path.write_bytes(sealed(dogs, certificate.signing(name="Ann")))
    return path


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


def pem_certificate(chain):
    """The first one's bytes, as DER."""
    return x509.load_pem_x509_certificates(chain)[0].public_bytes(Encoding.DER)


def changed(data, change):
    whole = json.loads(data)
    change(whole)
    return json.dumps(whole).encode()


def signed_again(data, change, name="Ann"):
    """The same by somebody who can sign, so that only what is said can be wrong."""
    signer = certificate.signing(name=name)

    def whole(told):
        change(told["content"])
        value = b64encode(signer.sign(plainly(told["content"]))).decode()
        told["signature"] = {"alg": signer.alg, "chain": signer.pem, "value": value}

    return changed(data, whole)


def test_what_was_agreed_on_comes_back(file, dogs):
    found = campaign_of(file)
    assert found.campaign == dogs and found.who == "Ann" and len(found.key) == 64
    laid_out_otherwise = json.dumps(json.loads(file.read_bytes()), sort_keys=True).encode()
    assert opened(laid_out_otherwise).campaign == dogs, "the values are signed, not the layout"


def test_two_machines_aim_at_the_same_picture(file, painting, monkeypatch, tmp_path):
    goals = []
    for machine in ("one", "two"):
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / machine))
        monkeypatch.setenv("HOME", str(tmp_path / machine))
        join(file)
        wish = chosen("protect", painting, "--campaign", "Dogs", "--shows", "a Dog", "--seed", "1")
        goals.append(plan(read(painting), wish).goals[0].picture)
    assert torch.equal(*goals)


def chosen(*words):
    """The intent that such a command line asks for."""
    from glassine.cli import options
    from glassine.cli.commands import protect

    context = protect.command.make_context("protect", [str(word) for word in words[1:]])
    with context:
        return options.given_intent(context.params)


def test_choosing_it_fills_the_rest(file, painting):
    join(file)
    words = ("protect", painting, "--campaign", "Dogs")
    wish = chosen(*words, "--shows", "dog")
    assert (wish.recipe, wish.shows, wish.teach) == ("poison", "dog", "cat")
    assert wish.strength == "strong"
    assert plan(read(painting), wish).caption == "a dog, painted by hand"
    wish = chosen(*words, "--shows", "dog", "--strength", "subtle")
    assert wish.strength == "subtle", "what was typed stays"
    told = run(*words)
    assert told.exit_code and "dog, ship" in str(told.exception)
    told = run(*words, "--shows", "dog", "--teach", "car")
    assert told.exit_code == 2 and "--campaign" in told.output
    told = run("protect", painting, "--campaign", "Cats", "--shows", "dog")
    assert "not joined" in str(told.exception)


CHANGES = {
    "strength": lambda whole: whole["content"].update(strength="subtle"),
    "name": lambda whole: whole["content"].update(name="Others"),
    "until": lambda whole: whole["content"].update(until="2999-01-02"),
    "anchor": lambda whole: whole["content"]["pairs"][0].update(
        whole["content"]["pairs"][1] | {"shows": "dog", "teach": "cat"}
    ),
    "signature": lambda whole: whole["signature"].update(value=b64encode(b"no").decode()),
    "signer": lambda whole: whole["signature"].update(chain=certificate.signing(name="Eve").pem),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_after_signing_is_refused(file, what):
    with pytest.raises(NotUsable) as refused:
        opened(changed(file.read_bytes(), CHANGES[what]))
    assert refused.value.message.code == "campaign.changed"


def test_a_key_that_nobody_here_knows_is_refused(file):
    whole = json.loads(file.read_bytes())
    leaf = pem_certificate(whole["signature"]["chain"].encode())
    curve = bytes.fromhex("06082a8648ce3d030107")  # prime256v1
    assert curve in leaf
    foreign = b64encode(leaf.replace(curve, curve[:-1] + b"\x63")).decode()
    whole["signature"]["chain"] = (
        f"-----BEGIN CERTIFICATE-----\n{foreign}\n-----END CERTIFICATE-----\n"
    )
    with pytest.raises(NotUsable) as refused:
        opened(json.dumps(whole).encode())
    assert refused.value.message.code == "campaign.unreadable"
    assert isinstance(refused.value.__cause__, UnsupportedAlgorithm)


NONSENSE = {
    "no strength": lambda content: content.update(strength="deadly"),
    "no words": lambda content: content["pairs"][0].update(shows=""),
    "a word of a book": lambda content: content["pairs"][0].update(shows="dog " * 99),
    "a line break": lambda content: content.update(name="Dogs\nsigned by the police"),
    "no caption": lambda content: content.update(caption="dogs"),
    "no day": lambda content: content.update(until="someday"),
    "a path": lambda content: content.update(number="../../../../etc/passwd"),
    "a number that is a list": lambda content: content.update(number=list("a" * 32)),
    "no pairs": lambda content: content.update(pairs=[]),
    "pairs of no shape": lambda content: content.update(pairs=[[]]),
    "twice the same": lambda content: content["pairs"].append(content["pairs"][0]),
    "itself": lambda content: content["pairs"][0].update(teach="dog"),
    "too many": lambda content: content.update(
        pairs=[content["pairs"][0] | {"shows": f"dog {n}"} for n in range(30)]
    ),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_what_no_campaign_says_is_refused_however_well_it_is_signed(file, what):
    with pytest.raises(NotUsable) as refused:
        opened(signed_again(file.read_bytes(), NONSENSE[what]))
    assert refused.value.message.code == "campaign.unreadable"


def with_anchor(anchor):
    row = {"anchor": b64encode(anchor).decode(), "sha256": sha256(anchor).hexdigest()}
    return lambda content: content["pairs"][0].update(row)


@pytest.mark.parametrize("kind", ["other", "huge", "no picture", "cut off"])
def test_a_foreign_anchor_is_refused(file, dogs, kind):
    whole = dogs.pairs[0].anchor
    change = {
        "other": lambda content: content["pairs"][0].update(sha256="0" * 64),
        "huge": with_anchor(anchored("a", "b", torch.zeros(3, 1100, 8)).anchor),
        "no picture": with_anchor(b"GIF89a"),
        "cut off": with_anchor(whole[: len(whole) // 2]),
    }[kind]
    with pytest.raises(NotUsable) as refused:
        opened(signed_again(file.read_bytes(), change))
    assert refused.value.message.code == "campaign.anchor"


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff\xfe", b"[" * 99_999, b'{"kind": 1}'])
def test_what_is_no_campaign_is_refused(data):
    with pytest.raises(NotUsable) as refused:
        opened(data)
    assert refused.value.message.code == "campaign.unreadable"


def test_a_huge_file_is_not_even_opened(tmp_path, monkeypatch):
    path = tmp_path / "huge.campaign"
    with path.open("wb") as stream:
        stream.truncate(LARGEST + 1)
    monkeypatch.setattr("glassine.campaigns.kept.contents", lambda *_: pytest.fail("opened"))
    with pytest.raises(NotUsable) as refused:
        campaign_of(path)
    assert refused.value.message.code == "campaign.large"
    with pytest.raises(NotUsable) as refused:
        campaign_of(tmp_path / "absent.campaign")
    assert refused.value.message.code == "campaign.no_file"


def test_what_is_over_is_neither_joined_nor_used(file, monkeypatch):
    join(file)
    monkeypatch.setattr(Campaign, "over", property(lambda self: True))
    for act in (lambda: join(file), lambda: joined_named("Dogs")):
        with pytest.raises(NotUsable) as refused:
            act()
        assert refused.value.message.code == "campaign.over"


def test_it_lasts_until_the_end_of_its_last_day():
    today = datetime.now(UTC).date()
    days = {-1: True, 0: False, 1: False}
    for away, over in days.items():
        pairs = (Pair("a", "b", b""),)
        made = Campaign("a" * 32, "A", pairs, "strong", today + timedelta(days=away))
        assert made.over is over


def test_a_newer_file_must_be_of_the_same_hand(file, tmp_path):
    join(file)
    newer = tmp_path / "newer.campaign"
    newer.write_bytes(signed_again(file.read_bytes(), lambda c: c.update(until="2999-06-01")))
    assert join(newer).campaign.until == date(2999, 6, 1)
    assert [one.campaign.until.month for one in joined()] == [6], "it replaced the older one"
    newer.write_bytes(signed_again(file.read_bytes(), lambda c: None, name="Eve"))
    with pytest.raises(NotUsable) as refused:
        join(newer)
    assert refused.value.message.code == "campaign.foreign"
    newer.write_bytes(signed_again(file.read_bytes(), lambda c: c.update(number="b" * 32)))
    with pytest.raises(NotUsable) as refused:
        join(newer)
    assert refused.value.message.code == "campaign.namesake"


def test_a_file_that_was_spoilt_since_is_left_out(file):
    join(file)
    (kept,) = campaigns_folder().iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"strong", b"subtle"))
    assert list(joined()) == []


def test_from_the_command_line(tmp_path):
    out = tmp_path / "new.campaign"
    words = ("--pair", "a dog=cat", "--pair", "ship=car", "--until", "2999-01-01", "-o", out)
    made = run("campaign", "new", "Dogs and ships", *words, "--artist", "Ann")
    assert made.exit_code == 0, made.output
    assert made.output.startswith("First: "), "the legal note comes first"
    again = run("campaign", "new", "Dogs and ships", *words)
    assert again.exception.message.code == "campaign.exists" and out.stat().st_size
    assert "have not joined" in run("campaign", "show").output
    assert run("campaign", "join", out).exit_code == 0
    (told,) = json.loads(run("campaign", "show", "--json").output)
    assert told["name"] == "Dogs and ships" and told["signer"] == "Ann" and not told["over"]
    assert told["pairs"][0] == {"shows": "dog", "teach": "cat"}
    other = tmp_path / "other.campaign"
    half = run("campaign", "new", "X", "--pair", "dog", "--until", "2999-01-01", "-o", other)
    assert half.exit_code == 2 and not other.exists()


def test_a_file_that_was_signed_long_ago_is_still_understood():
    """It is in many hands; Krita's scenario of poison joins it too."""
    found = campaign_of(Path(__file__).parent / "golden" / "dogs.campaign")
    assert (found.who, found.key_told) == ("Ann", "480d82c5d20c1611")
    assert found.campaign.pair("ship").teach == "car" and found.campaign.until == LATER


def test_krita_is_told_and_aims_as_the_command_line_does(file, painting, monkeypatch):
    def asked(method, **told):
        return to_plain(METHODS[method](told, {}, lambda now: None, State()).result)

    assert asked("campaigns") == {"campaigns": [], "law": to_plain(message("campaign.legal"))}
    row = asked("join", file=str(file))
    assert asked("campaigns")["campaigns"] == [row]
    assert row["key"] in run("campaign", "show").output, "what people compare is one"
    assert row["name"] == "Dogs" and row["pairs"] == {"dog": "cat", "ship": "apple"}
    assert (row["strength"], row["who"], row["until"]) == ("strong", "Ann", "2999-01-01")
    caption = asked("caption", shows="dog", campaign="Dogs")["caption"]
    assert caption == "a dog, painted by hand"
    wish = wanted_intent(Wish(recipe="poison", shows="dog", campaign="Dogs", strength=60.0))
    typed = chosen("protect", painting, "--campaign", "Dogs", "--shows", "dog", "--strength", "60")
    assert (wish.teach, wish.caption, wish.strength) == (typed.teach, typed.caption, 60.0)
    assert torch.equal(wish.anchor, typed.anchor)
    monkeypatch.setattr(Campaign, "over", property(lambda self: True))
    assert asked("campaigns")["campaigns"] == [], "what is over is not offered"
