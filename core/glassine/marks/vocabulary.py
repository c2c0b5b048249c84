"""The standard terms with which a file says what machines may do with it, and their sources.

PLUS: ns.useplus.org/LDF/ldf-XMPSpecification, "Data Mining" (adopted by IPTC 2023.1).
CAWG: Training and Data Mining Assertion 1.1, DIF, 16 May 2025.
IPTC: cv.iptc.org/newscodes/digitalsourcetype (2024-10).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..messages import Message, message

PLUS = "http://ns.useplus.org/ldf/vocab/"
PROHIBITED = PLUS + "DMI-PROHIBITED"
"""Beginning of every value that reserves something."""
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"

_ALL = ("cawg.data_mining", "cawg.ai_inference", "cawg.ai_training", "cawg.ai_generative_training")


@dataclass(frozen=True)
class Policy:
    """One reservation.

    plus     its value in XMP (PLUS, Data Mining)
    refuses  CAWG's keys that become "notAllowed"
    """

    says: Message
    plus: str
    refuses: tuple[str, ...]


POLICIES = {
    "search-only": Policy(
        message("policy.search_only"),
        PLUS + "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING",
        _ALL,
    ),
    "no-mining": Policy(message("policy.no_mining"), PLUS + "DMI-PROHIBITED", _ALL),
    "no-training": Policy(
        message("policy.no_training"), PLUS + "DMI-PROHIBITED-AIMLTRAINING", _ALL[2:]
    ),
    "no-generative": Policy(
        message("policy.no_generative"),
        PLUS + "DMI-PROHIBITED-GENAIMLTRAINING",
        _ALL[3:],
    ),
}

HANDMADE = (
    "digitalCreation",
    "humanEdits",
    "minorHumanEdits",
    "composite",
    "digitalCapture",
    "digitisedFromNegativeOnFilm",
    "digitisedFromPositiveOnFilm",
    "digitisedFromPrint",
)
"""Digital source types that an artist may claim. Those that mean AI, such as
`trainedAlgorithmicMedia`, are left out: platforms label such pictures."""
