"""`glassine marks`: show and check the marks in a file, and the certificate that signs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import GlassineError, NotUsable
from ...messages import from_plain, message
from .. import exits, speech
from ..names import File, Name
from ..usage import Group

if TYPE_CHECKING:
    from ...flow.examine import Examination

_PEM = "-----BEGIN CERTIFICATE-----"
EPILOG = """\b
Examples:
  glassine marks show downloaded.jpg
  glassine marks show signed.png --trust studio-root.pem
  glassine marks certificate my.p12 --remember
"""


@click.group(cls=Group, epilog=EPILOG)
def command() -> None:
    """Show and check the marks in a file: watermark, metadata, signature, receipt."""


@command.command("show")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=Name(path_type=Path))
@click.option(
    "--trust",
    metavar="PEM",
    type=File(),
    help="Certificates of authorities that you trust.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def show_marks(files: tuple[Path, ...], trust: Path | None, as_json: bool) -> int:
    """Say what FILE carries, from Glassine or anyone else.

    A signature is trusted, untrusted, or shows that the file was changed after signing. A
    watermark is told with the chance that an unmarked picture would agree as well.
    """
    from ...evidence.schema import json_ready
    from ...flow.examine import examine

    rows, code, anchors = [], exits.DONE, trusted(trust) if trust else ""
    for file in files:
        try:
            seen = examine(file, anchors=anchors)
        except GlassineError as error:
            if len(files) == 1:
                raise
            told = message("cli.named", name=file, said=error.message)
            code = exits.say(told, exits.FAILED)
            continue
        rows.append({"file": str(file), **examination_json(seen)})
        if not as_json:
            click.echo("\n".join([str(file), *(f"  {line}" for line in examination_lines(seen))]))
    if as_json:
        click.echo(json.dumps(json_ready(rows), indent=1, default=str))
    return code


def trusted(file: Path) -> str:
    """The certificates in a PEM file as text; raises NotUsable where it holds none."""
    from ...flow.read import file_contents

    text = file_contents(file).decode("utf-8", "replace")
    if _PEM not in text:
        raise NotUsable("cli.trusts_nothing", path=file, begins=_PEM)
    return text


def examination_lines(seen: Examination) -> list[str]:
    said = [f"{told.mark}: {speech.spoken(told.says)}" for told in seen.found]
    said = said or [speech.phrase("cli.marks_none")]
    for export, differ in seen.alike[:3]:
        said.append(speech.phrase("cli.marks_alike", export=export, bits=differ))
    return [*said, *(speech.phrase("cli.marks_unread", reason=why) for why in seen.unread)]


def examination_json(seen: Examination) -> dict[str, object]:
    return {
        "found": [{"mark": one.mark, "says": one.says, **one.facts} for one in seen.found],
        "alike": [{"export": export, "differ": differ} for export, differ in seen.alike],
        "protected": seen.protected,
        "unread": list(seen.unread),
    }


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def list_marks(as_json: bool) -> None:
    """List the marks, and what to know before using each."""
    from ...flow.catalogue import catalogue, entry_words

    rows = catalogue()["marks"]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    entry_words()  # loads the words of every mark, for `phrase`
    for row in rows:
        click.echo(f"{row['name']:10} {speech.phrase(row['code'])}")
        if row.get("note"):
            click.echo(f"{'':10} {speech.phrase(row['code'] + '.note')}")
        if row["missing"]:
            click.echo(f"{'':10} {speech.spoken(from_plain(row['missing']))}")


@command.command("certificate")
@click.argument("file", required=False, type=Name(path_type=Path))
@click.option(
    "--key",
    metavar="PEM",
    type=Name(path_type=Path),
    help="The private key, where it is in another file.",
)
@click.option(
    "--artist",
    default="",
    envvar="GLASSINE_ARTIST",
    help="Show this machine's certificate for that name.",
)
@click.option("--remember", is_flag=True, help="Ask for the passphrase and put it in the keyring.")
def certificate(file: Path | None, key: Path | None, artist: str, remember: bool) -> None:
    """Check a certificate of yours (PEM chain or .p12), or show this machine's.

    Without FILE, the certificate made on this machine is shown; it is made on first use, one for
    each name, so that nothing links two names of one artist.
    """
    from ...errors import EntryMissing

    try:
        from ...marks import certificate as certificates
        from ...marks import passphrase
    except ModuleNotFoundError as error:
        raise EntryMissing("mark", "c2pa", error.name or "cryptography") from error
    if file and remember:
        word = click.prompt(speech.phrase("passphrase.ask", path=file), hide_input=True)
        passphrase.remember(key or file, word)
    signing = certificates.signing(str(file or ""), str(key or ""), artist)
    click.echo(speech.spoken(signing.says))
    if not file:
        folder = certificates.place_of(artist)
        click.echo(speech.phrase("cli.certificate_lies", folder=folder))
