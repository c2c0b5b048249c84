"""The certificate that signs Content Credentials: one made on this machine, or the artist's own.

A certificate made here proves that a file was not changed since it was signed. It proves nothing
about who signed: anyone can make one in any name. Rules: C2PA 2.2, 14.5; RFC 5280.
"""

from __future__ import annotations

import hashlib
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .. import ledger
from ..errors import reason_of
from ..machine.files import contents, write
from ..messages import Message, message
from .passphrase import refused, unlocked

EKUS = (
    "1.3.6.1.5.5.7.3.4",  # e-mail protection
    "1.3.6.1.5.5.7.3.36",  # document signing
    "1.3.6.1.5.5.7.3.8",  # time stamping
    "1.3.6.1.5.5.7.3.9",  # OCSP signing
    "1.3.6.1.4.1.311.76.59.1.9",  # Microsoft's C2PA signing
    "1.3.6.1.4.1.62558.2.1",  # C2PA claim signing
)
"""Purposes that a certificate may have (c2pa-rs, valid_eku_oids.cfg)."""

_SIGNS = EKUS[:2] + EKUS[4:]  # those of EKUS with which a certificate may sign pictures
NOBODY = "A Glassine user"
_YEARS = timedelta(days=3650)
_SOON = timedelta(days=30)

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Signing:
    """A checked certificate with its chain and key.

    chain  the leaf first
    alg    C2PA's name of the signature algorithm
    own    whether it is the artist's; else it was made on this machine
    """

    chain: tuple[x509.Certificate, ...]
    key: Key
    alg: str
    own: bool

    @property
    def pem(self) -> str:
        """The chain as PEM."""
        encoding = serialization.Encoding.PEM
        return "".join(one.public_bytes(encoding).decode() for one in self.chain)

    @property
    def says(self) -> Message:
        """Whose certificate it is and until when it is valid."""
        who, until = common_name(self.chain[0]), day_of(self.chain[0].not_valid_after_utc)
        if self.own:
            says = message("certificate.own", who=who, until=until)
        else:
            says = message("certificate.local", who=who, until=until)
        return message("certificate.and_soon", says=says, soon=self.soon) if self.soon else says

    @property
    def soon(self) -> Message | None:
        """A warning where the certificate expires soon, else None. Glassine's signatures have no
        time stamp, which would need a network, so they expire with it."""
        until = self.chain[0].not_valid_after_utc
        if until - datetime.now(UTC) >= _SOON:
            return None
        return message("certificate.soon", until=day_of(until))

    def sign(self, data: bytes) -> bytes:
        """The signature over the data, by `alg`."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(_HASHES[self.alg]))
        if isinstance(self.key, rsa.RSAPrivateKey):
            digest = _HASHES[self.alg]
            return self.key.sign(
                data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest
            )
        return self.key.sign(data)


_HASHES: dict[str, hashes.HashAlgorithm] = {
    "ES256": hashes.SHA256(),
    "ES384": hashes.SHA384(),
    "ES512": hashes.SHA512(),
    "PS256": hashes.SHA256(),
}
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


def check_signature(leaf: x509.Certificate, alg: str, signature: bytes, data: bytes) -> None:
    """Checks a signature by `Signing.sign`: raises InvalidSignature, or ValueError where the key's
    kind does not fit `alg`."""
    key = leaf.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and alg in _CURVES.values():
        key.verify(signature, data, ec.ECDSA(_HASHES[alg]))
    elif isinstance(key, rsa.RSAPublicKey) and alg == "PS256":
        digest = _HASHES[alg]
        key.verify(signature, data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    elif isinstance(key, ed25519.Ed25519PublicKey) and alg == "ED25519":
        key.verify(signature, data)
    else:
        raise ValueError(alg)


def signing(certificate: str = "", key: str = "", name: str = "") -> Signing:
    """The artist's own certificate where one is named, else this machine's, made on first use."""
    if certificate:
        return check_chain(*open_chain(Path(certificate), Path(key) if key else None), own=True)
    place = place_of(name)
    chain, secret = place / "chain.pem", place / "key.pem"
    if chain.is_file() and secret.is_file():
        certificates, loaded = open_chain(chain, secret)
        if certificates[0].not_valid_after_utc > datetime.now(UTC):
            return check_chain(certificates, loaded, own=False)
    make_certificate(name, place)
    return check_chain(*open_chain(chain, secret), own=False)


def certificate_folder() -> Path:
    """The folder of certificates made here, beside the ledger in the user's data."""
    return ledger.ledger_path().with_name("certificate")


def place_of(name: str) -> Path:
    """The folder of that name's certificate. Every name has its own key and root: with a shared one
    anybody could see that two names are one person's."""
    told = unicodedata.normalize("NFC", name).strip()
    first = certificate_folder()
    if named_in(first / "chain.pem") == (told or NOBODY):
        return first  # an older version made one certificate, for all names
    return first / hashlib.sha256(told.encode()).hexdigest()[:16]


def named_in(chain: Path) -> str:
    """Whom a certificate names; "" where there is none."""
    try:
        return common_name(x509.load_pem_x509_certificates(chain.read_bytes())[0])
    except (OSError, ValueError):
        return ""


def local_serials() -> set[str]:
    """Serial numbers of every certificate that was made on this machine."""
    found = set()
    for chain in (certificate_folder() / "chain.pem", *certificate_folder().glob("*/chain.pem")):
        with suppress(OSError, ValueError):
            leaf = x509.load_pem_x509_certificates(chain.read_bytes())[0]
            found.add(str(leaf.serial_number))
    return found


def make_certificate(name: str, place: Path) -> None:
    """Stores a new root for this name alone and a leaf under it; the root's key is not kept."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer, subject = _name("Glassine local root"), _name(name or NOBODY)
    root = _builder(issuer, issuer, root_key, root_key, ca=True)
    leaf = _builder(subject, issuer, key, root_key, ca=False)
    chain = [one.sign(root_key, hashes.SHA256()) for one in (leaf, root)]
    place.mkdir(parents=True, exist_ok=True)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write(place / "key.pem", secret, permissions=0o600)
    public = b"".join(one.public_bytes(pem) for one in chain)
    write(place / "chain.pem", public, permissions=0o600)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Made on this machine by Glassine"),
        ]
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    ca: bool,
) -> x509.CertificateBuilder:
    """A certificate as C2PA demands; every reader accepts its purpose, e-mail protection."""
    now = datetime.now(UTC)
    uses = dict.fromkeys(
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
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca, 0 if ca else None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **uses),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if ca:
        return builder
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    return builder.add_extension(above, critical=False).add_extension(purpose, critical=False)


def open_chain(path: Path, key: Path | None) -> tuple[tuple[x509.Certificate, ...], Key]:
    """The chain and key of a .p12 or .pfx, or of PEM with the key in the same or another file.

    `check_chain` checks them.
    """
    try:
        data = contents(path)
        if path.suffix.lower() in (".p12", ".pfx"):
            return _from_p12(path, data)
        chain = tuple(x509.load_pem_x509_certificates(data))
        secret = contents(key) if key else data
        if b"PRIVATE KEY" not in secret:
            raise refused(path, message("certificate.no_key"))
        loaded = unlocked(path, lambda word: serialization.load_pem_private_key(secret, word))
    except (OSError, ValueError) as error:
        why = message("certificate.unreadable", reason=reason_of(error, "damaged"))
        raise refused(path, why) from error
    return chain, cast(Key, loaded)  # check_chain() refuses other kinds of key


def _from_p12(path: Path, data: bytes) -> tuple[tuple[x509.Certificate, ...], Key]:
    key, leaf, others = unlocked(path, lambda word: pkcs12.load_key_and_certificates(data, word))
    if key is None or leaf is None:
        raise refused(path, message("certificate.no_pair"))
    return (leaf, *others), cast(Key, key)


def check_chain(chain: tuple[x509.Certificate, ...], key: Key, *, own: bool) -> Signing:
    """The chain, ready to sign; raises where its signatures would be invalid or refused."""
    leaf, now = chain[0], datetime.now(UTC)
    who, from_, until = common_name(leaf), leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if until < now:
        raise refused(who, message("certificate.expired", day=day_of(until)))
    if from_ > now:
        raise refused(who, message("certificate.not_yet", day=day_of(from_)))
    if leaf.public_key() != key.public_key():
        raise refused(who, message("certificate.other_key"))
    if leaf.issuer == leaf.subject and _is_ca(leaf):
        raise refused(who, message("certificate.authority"))
    _check_purpose(leaf, who)
    return Signing(chain, key, _algorithm(key, who), own)


def _check_purpose(leaf: x509.Certificate, who: str) -> None:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound as error:
        raise refused(who, message("certificate.no_usage")) from error
    if not usage.digital_signature:
        raise refused(who, message("certificate.may_not_sign"))
    if not any(one.dotted_string in _SIGNS for one in purposes):
        raise refused(who, message("certificate.other_purpose"))


def _algorithm(key: Key, who: str) -> str:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ED25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "PS256"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise refused(who, message("certificate.other_kind"))


def _is_ca(certificate: x509.Certificate) -> bool:
    with suppress(x509.ExtensionNotFound):
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    return False


def day_of(moment: datetime) -> str:
    return moment.date().isoformat()


def common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()
