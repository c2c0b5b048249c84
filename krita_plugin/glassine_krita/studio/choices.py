"""What the artist chose, as values. The classes' names are keys of kritarc: see settings.py."""

from __future__ import annotations

from dataclasses import dataclass

from ..engine.asks import Intent


@dataclass(frozen=True)
class Choice:
    """What the artist chose in the docker.

    style   name of a style, "" for "choose for me"
    campaign  name of one that was joined, "" for poison of one's own
    score   SSIMULACRA2 the result should have: the higher, the less visible
    """

    recipe: str = "cloak"
    style: str = ""
    shows: str = ""
    teach: str = ""
    campaign: str = ""
    scope: str = "layer"
    score: float = 70.0
    effort: str = "quick"

    def intent(self, needs: frozenset[str] | None) -> Intent:
        """As the engine wants it, with what the recipe needs and nothing else; where no engine has
        told yet what that is, with all there is."""

        def wanted(name: str, given: str) -> str | None:
            return (given or None) if needs is None else given if name in needs else None

        return Intent(
            recipe=self.recipe,
            strength=self.score,
            effort=self.effort,
            style=wanted("style", self.style),
            shows=wanted("shows", self.shows),
            teach=wanted("teach", self.teach),
            campaign=wanted("teach", self.campaign) or None,
        )


@dataclass(frozen=True)
class Exporting:
    """The last export's choices.

    longest       pixels; 0: as large as the document
    keep_path     the receipt also notes where the file was put
    sidecar       the receipt also lies beside the file, as JSON
    keep_private  the copy also tells where, when and on what the opened file was made
    """

    format: str = "png"
    quality: int = 92
    longest: int = 0
    marks: tuple[str, ...] = ("xmp", "receipt")
    folder: str = ""
    keep_path: bool = False
    sidecar: bool = False
    keep_private: bool = False


@dataclass(frozen=True)
class Artist:
    """What marks say; empty fields are left out of files."""

    creator: str = ""
    rights: str = ""
    url: str = ""
