"""Signing with the machine's own certificate and with the artist's."""

import os
import stat
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("c2pa", reason="needs c2pa-python")
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ObjectIdentifier
from glassine.cli.speech import spoken
from glassine.errors import Cancelled, NotUsable
from glassine.flow.encode import check_export, encode
from glassine.formats import FORMATS
from glassine.marks import c2pa, certificate, passphrase
from glassine.types import Claim, Export, Keep, Report
from typed import SMALL, run

MAIL = "1.3.6.1.5.5.7.3.4"
KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
}


def _name(text):
    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, text),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Studio"),
        ]
    )


def _built(
    subject, key, issuer, issuer_key, *, ca=False, purposes=(MAIL,), days=(-1, 30), sign=True
):
    now = datetime.now(UTC)
    off = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder(_name(issuer), _name(subject), key.public_key(), 77)
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca, None), True)
        .add_extension(x509.KeyUsage(sign and not ca, key_cert_sign=ca, crl_sign=ca, **off), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
        )
    )
    if purposes:
        use = x509.ExtendedKeyUsage([ObjectIdentifier(one) for one in purposes])
        builder = builder.add_extension(use, False)
    return builder.sign(issuer_key, hashes.SHA256())


@pytest.fixture
def make(tmp_path):
    """Kind of key and oddities -> path of a PEM chain with its key, and the root's PEM."""

    def build(kind="P-256", passphrase=None, suffix=".pem", **odd):
        root_key, key = KEYS["P-256"](), KEYS[kind]()
        root = _built("Root", root_key, "Root", root_key, ca=True, purposes=())
        leaf = _built("Ann Artist", key, "Root", root_key, **odd)
        lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        path = tmp_path / f"own{suffix}"
        if suffix == ".p12":
            path.write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, leaf, [root], lock))
        else:
            chain = b"".join(one.public_bytes(Encoding.PEM) for one in (leaf, root))
            path.write_bytes(chain + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
        return str(path), root.public_bytes(Encoding.PEM).decode()

    return build


@pytest.fixture
def signed(finished, scene):
    def sign(path=""):
        claim = Claim(creator="Ann Artist", certificate=path)
        return encode(finished(scene, marks=("c2pa",), claim=claim), Report(None, (), ())).data

    return sign


def test_the_machines_own_is_made_once_and_only_its_owner_can_read_the_key(signed):
    first = c2pa.read(signed()).facts["serial"]
    assert c2pa.read(signed()).facts["serial"] == first
    if os.name == "posix":
        mode = (certificate.place_of("Ann Artist") / "key.pem").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600


def test_the_machines_own_says_that_it_is_no_identity():
    says = str(certificate.signing().says)
    assert "not who you are" in says and "unknown" in says


def test_an_expired_one_of_this_machine_is_made_anew(signed, monkeypatch):
    years = certificate._YEARS
    monkeypatch.setattr(certificate, "_YEARS", timedelta(hours=-0.5))
    place = certificate.place_of("")
    certificate.make_certificate("", place)
    monkeypatch.setattr(certificate, "_YEARS", years)
    before = (place / "chain.pem").read_bytes()
    assert certificate.signing().says
    assert (place / "chain.pem").read_bytes() != before


def test_two_names_of_one_artist_have_nothing_in_common(finished, scene):
    """Not the signer's name, not the key, not the root, not a serial number."""
    made = {}
    for name in ("Legal Name", "Pen Name", "Legal Name", ""):
        claim = Claim(creator=name)
        assert f"in the name of '{name or certificate.NOBODY}'." in str(c2pa.check(claim)[0])
        data = encode(finished(scene, marks=("c2pa",), claim=claim), Report(None, (), ())).data
        found = c2pa.read(data)
        assert found.facts["signer"] == (name or certificate.NOBODY)
        assert "this machine's certificate" in str(found.says)
        made.setdefault(name, []).append(certificate.signing("", "", name))
    first, again = made["Legal Name"]
    assert first.pem == again.pem
    (other,), (nobody,) = made["Pen Name"], made[""]
    for one, two in ((first, other), (first, nobody), (other, nobody)):
        for at in range(2):
            assert one.chain[at].public_key() != two.chain[at].public_key()
            assert one.chain[at].serial_number != two.chain[at].serial_number
    assert len(certificate.local_serials()) == 3


def test_files_of_two_names_are_signed_with_two_keys_where_nobody_is_claimed(finished, scene):
    """One key for all that claim nothing would say that their authors are one person."""
    serials = set()
    for name in ("Legal Name", "Pen Name"):
        made = finished(scene, marks=("c2pa",))
        keep = replace(made.plan.artwork.keep, creators=(name,))
        artwork = replace(made.plan.artwork, keep=keep)
        named = replace(made, plan=replace(made.plan, artwork=artwork))
        found = c2pa.read(encode(named, Report(None, (), ())).data)
        assert found.facts["signer"] == name
        assert f"'{name}'" in str(check_export(Export(marks=("c2pa",)), (name,))[0])
        serials.add(found.facts["serial"])
    assert len(serials) == 2


def test_a_certificate_in_another_name_than_the_artists_is_told(make):
    certificate_of_ann = make()[0]
    said = str(c2pa.check(Claim(creator="Pen Name", certificate=certificate_of_ann))[0])
    assert "Pen Name" in said and "learns both names" in said


def test_in_whose_name_is_said_before_the_work(painting, capsys, monkeypatch):
    """By a run that is stopped as soon as the work begins."""

    def stopped(*_, **__):
        raise Cancelled

    monkeypatch.setattr("glassine.flow.protect.optimise", stopped)
    monkeypatch.setattr("glassine.batch.run.batch", stopped)
    for command in (("protect", painting), ("batch", painting.parent, "-o", painting.parent)):
        assert run(*command, "--marks", "c2pa", "--artist", "Pen", *SMALL)
        assert "signed in the name of 'Pen'" in capsys.readouterr().err


def test_the_certificate_that_was_there_before_stays_with_its_name_only(signed):
    certificate.make_certificate("Ann Artist", certificate.certificate_folder())
    old = certificate.signing("", "", "Ann Artist")
    assert c2pa.read(signed()).facts["serial"] == str(old.chain[0].serial_number)
    assert certificate.signing("", "", "Pen Name").chain[0] != old.chain[0]


def test_a_name_is_the_same_however_its_letters_are_composed():
    assert certificate.place_of("Änne ") == certificate.place_of("A\u0308nne")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("trainedAlgorithmicMedia", "made by AI"),
        ("compositeWithTrainedAlgorithmicMedia", "parts made by AI"),
        ("digitalCreation", ""),
    ],
)
def test_what_a_manifest_says_of_ai_is_said(scene, monkeypatch, kind, words):
    """Signed as a generator would sign it; our own marks can claim no such thing."""
    whole = c2pa.manifest(Claim())
    whole["claim_generator_info"] = [{"name": "Dream Machine", "version": "3"}]
    (action,) = whole["assertions"][0]["data"]["actions"]
    action["digitalSourceType"] = c2pa.SOURCE_TYPES + kind
    monkeypatch.setattr(c2pa, "manifest", lambda claim: whole)
    data = FORMATS["png"].write(scene, None, Keep(), 95)
    found = c2pa.read(c2pa.sign(data, Claim(), certificate.signing()))
    assert found.facts["ai"] == ([kind] if words else [])
    assert ("Dream Machine" in str(found.says)) is bool(words) and words in str(found.says)


@pytest.mark.parametrize("kind", KEYS)
def test_every_accepted_kind_of_key_signs_and_is_trusted_where_its_root_is(make, signed, kind):
    path, root = make(kind)
    data = signed(path)
    assert str(c2pa.read(data).says).startswith("Untrusted")
    found = c2pa.read(data, root)
    assert found.facts["state"] == "Trusted" and found.facts["signer"] == "Ann Artist"


@pytest.mark.parametrize("purpose", [certificate.EKUS[1], certificate.EKUS[5]])
def test_document_signing_and_c2pas_own_purpose_are_valid(make, signed, purpose):
    path, root = make(purposes=(purpose,))
    assert c2pa.read(signed(path), root).facts["state"] == "Trusted"


def test_a_p12_signs(make, signed):
    path, root = make(suffix=".p12")
    assert c2pa.read(signed(path), root).facts["state"] == "Trusted"


@pytest.mark.parametrize("suffix", [".pem", ".p12"])
def test_a_locked_key_is_opened_with_the_keyrings_passphrase(make, signed, monkeypatch, suffix):
    keyring = pytest.importorskip("keyring")
    path, root = make(suffix=suffix, passphrase=b"open sesame")
    monkeypatch.setattr(keyring, "get_password", lambda service, name: None)
    with pytest.raises(NotUsable, match="passphrase is missing or wrong") as failed:
        signed(path)
    assert f"marks certificate {path} --remember)" in spoken(failed.value.message)
    stored = {}
    monkeypatch.setattr(keyring, "set_password", lambda s, name, word: stored.update({name: word}))
    monkeypatch.setattr(keyring, "get_password", lambda service, name: stored.get(name))
    passphrase.remember(passphrase.Path(path), "open sesame")
    assert c2pa.read(signed(path), root).facts["state"] == "Trusted"


@pytest.mark.parametrize("suffix", [".pem", ".p12"])
def test_without_a_keyring_the_passphrase_is_asked_for_once(make, signed, monkeypatch, suffix):
    path, root = make(suffix=suffix, passphrase=b"open sesame")
    asked, answers = [], ["wrong", "open sesame"]
    monkeypatch.setitem(sys.modules, "keyring", None)  # as where it is not installed
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setenv("GLASSINE_LANGUAGE", "de")

    def answer(prompt):
        asked.append(prompt)
        return answers[len(asked) - 1]

    monkeypatch.setattr(passphrase.getpass, "getpass", answer)
    with pytest.raises(NotUsable, match="missing or wrong"):
        signed(path)
    for _ in range(3):
        assert c2pa.read(signed(path), root).facts["state"] == "Trusted"
    assert asked == [f"Passwort zu {path}: "] * 2, "a wrong answer is forgotten, a right one kept"
    with pytest.raises(NotUsable, match="keyring refuses"):
        passphrase.remember(passphrase.Path(path), "open sesame")


class Terminal:
    def isatty(self):
        return True


def test_an_end_that_is_near_is_said_with_every_export(make, finished, scene):
    for days, told in ((10, True), (60, False)):
        claim = Claim(certificate=make(days=(-1, days))[0])
        done = encode(finished(scene, marks=("c2pa",), claim=claim), Report(None, (), ()))
        assert any("expires soon" in note for note in map(str, done.notes)) == told


def test_a_bad_certificate_is_said_before_any_work_is_done(make):
    with pytest.raises(NotUsable, match="expired on"):
        check_export(Export(marks=("c2pa",), claim=Claim(certificate=make(days=(-30, -1))[0])))


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ({"days": (-30, -1)}, "expired on"),
        ({"days": (1, 30)}, "valid only from"),
        ({"purposes": ("1.3.6.1.5.5.7.3.1",)}, "not for signing"),
        ({"purposes": ()}, "does not say what it may be used for"),
        ({"sign": False}, "may not sign"),
    ],
)
def test_a_certificate_that_cannot_sign_is_refused_in_words(make, signed, odd, says):
    with pytest.raises(NotUsable, match=says):
        signed(make(**odd)[0])


def test_a_key_of_another_certificate_is_refused(make, tmp_path):
    path, _ = make()
    other = tmp_path / "other.pem"
    other.write_bytes(
        KEYS["P-256"]().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(NotUsable, match="belongs to another certificate"):
        certificate.signing(path, str(other))


def test_an_authoritys_own_certificate_is_refused(tmp_path):
    key = KEYS["P-256"]()
    root = _built("Root", key, "Root", key, ca=True)
    path = tmp_path / "root.pem"
    path.write_bytes(
        root.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(NotUsable, match="authority"):
        certificate.signing(str(path))


@pytest.mark.parametrize("text", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nxx\n"])
def test_a_file_that_is_no_certificate_is_refused(tmp_path, text):
    path = tmp_path / "x.pem"
    path.write_bytes(text)
    with pytest.raises(NotUsable, match="cannot be used to sign"):
        certificate.signing(str(path))
    with pytest.raises(NotUsable, match="cannot be used to sign"):
        certificate.signing(str(tmp_path / "absent.p12"))
