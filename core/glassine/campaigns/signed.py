"""Campaign <-> the bytes of its file: JSON with a signature over its content.

The key is the one that signs the artist's Content Credentials. The signature shows whether the file
was changed since, and whether two files have the same signer. It does not show who that is: anyone
can make a key in any name.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import EntryMissing, NotUsable
from .terms import Campaign, told, understood

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from ..marks.certificate import Signing

KIND = "glassine campaign 1"
LARGEST = 16 << 20  # bytes


@dataclass(frozen=True)
class Signed:
    """A campaign whose signature was checked.

    who   the name in the signer's certificate
    key   SHA-256 of the signer's public key, in hexadecimal
    data  bytes of the file
    """

    campaign: Campaign
    who: str
    key: str
    data: bytes

    @property
    def key_told(self) -> str:
        """The part of `key` that people compare: 64 bits, in hexadecimal digits."""
        return self.key[:16]


def sealed(campaign: Campaign, signer: Signing) -> bytes:
    """The campaign as the bytes of a signed file."""
    content = told(campaign)
    understood(content)  # raises: what nobody could join is not signed
    signature = base64.b64encode(signer.sign(plainly(content))).decode()
    whole = {
        "kind": KIND,
        "content": content,
        "signature": {"alg": signer.alg, "chain": signer.pem, "value": signature},
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def opened(data: bytes) -> Signed:
    """Reads a file's bytes; raises NotUsable where they are no campaign, were changed after
    signing, or hold values that no campaign may have."""
    try:
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

        from ..marks.certificate import check_signature, common_name
    except ModuleNotFoundError as error:
        raise EntryMissing("mark", "c2pa", error.name or "cryptography") from error
    if len(data) > LARGEST:
        raise NotUsable("campaign.large", most=LARGEST >> 20)
    try:
        whole = json.loads(data)
        content, signature = whole["content"], whole["signature"]
        if whole["kind"] != KIND:
            raise ValueError(whole["kind"])
        leaf = x509.load_pem_x509_certificates(signature["chain"].encode())[0]
        value = base64.b64decode(signature["value"])
        check_signature(leaf, signature["alg"], value, plainly(content))
    except InvalidSignature as error:
        raise NotUsable("campaign.changed") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotUsable("campaign.unreadable") from error
    except UnsupportedAlgorithm as error:  # a key or a curve that `cryptography` does not know
        raise NotUsable("campaign.unreadable") from error
    return Signed(understood(content), common_name(leaf), digest_of(leaf), data)


def plainly(content: dict[str, Any]) -> bytes:
    """Equal values as equal bytes, however a file is laid out: what is signed."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def digest_of(leaf: Certificate) -> str:
    """SHA-256 of the public key, in hexadecimal digits."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()
