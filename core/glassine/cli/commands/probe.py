"""`glassine probe`: whether a local model was trained on one's work, asked three ways."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import NotUsable
from ...messages import message
from .. import speech
from ..names import ModelFolder, Name
from ..numbers import Whole
from ..usage import Command

if TYPE_CHECKING:
    from ...probe.run import Answers, Asking, Order, Told

_QUESTIONS = ("completion", "extraction", "membership")
EFFORT = ("samples", "paintings", "noises", "steps", "seed")
_LINES = 50  # of progress, at most

EPILOG = """\b
Examples:
  glassine probe ~/models/sd15 works/ --against newer/ -o evidence/
  glassine probe ~/models/sd15 works/ --against newer/ --lora style.safetensors
  glassine probe ~/models/new works/ --against newer/ --reference ~/models/old
  glassine probe --new-canary canary.png
  glassine protect work.png --marks visible,xmp,receipt --signature canary.png --title "THE PHRASE"

Put the words of each picture beside it, as NAME.txt. Stop and start as you like: answers are kept.
What the figures are worth, and what they never prove, is in docs/probe.md.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("model", required=False, type=ModelFolder())
@click.argument("folder", required=False, type=Name(path_type=Path))
@click.option(
    "--against",
    metavar="FOLDER",
    type=Name(path_type=Path),
    help="Works of the same hand that the model cannot have learnt: newer than it, or never shown. "
    "Without them there are no p-values.",
)
@click.option(
    "--lora",
    metavar="FILE",
    type=Name(path_type=Path),
    help="A LoRA to lay on top of the model, a safetensors file.",
)
@click.option(
    "--reference",
    metavar="FOLDER",
    type=ModelFolder(),
    help="Another model, as alike as can be, that cannot have learnt the works: an older version. "
    "The denoiser's losses are compared with its losses too.",
)
@click.option(
    "--ask",
    metavar="NAME,...",
    default=",".join(_QUESTIONS),
    show_default=True,
    help="Which questions to ask.",
)
@click.option(
    "--words",
    default="a painting",
    show_default=True,
    help="The caption of pictures without words beside them.",
)
@click.option(
    "--samples",
    type=Whole(2, 64),
    default=16,
    show_default=True,
    help="Extraction: samples drawn for each picture's words.",
)
@click.option(
    "--paintings",
    type=Whole(1, 32),
    default=4,
    show_default=True,
    help="Completion: paintings of each hidden half.",
)
@click.option(
    "--noises",
    type=Whole(1, 64),
    default=4,
    show_default=True,
    help="Membership: draws of noise at each of its levels.",
)
@click.option(
    "--steps",
    type=Whole(1, 200),
    default=20,
    show_default=True,
    help="The model's steps for each sample or painting.",
)
@click.option(
    "--seed",
    type=Whole(),
    default=1,
    show_default=True,
    help="The same seed and settings give the same figures.",
)
@click.option(
    "--side",
    type=Whole(16, 2048),
    help="Side of the pictures that the model is given, in pixels. Without it: the model's own.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda ...")
@click.option("--canaries/--no-canaries", default=True, help="Ask for the ledger's canaries too.")
@click.option(
    "-o",
    "--out",
    type=Name(path_type=Path),
    default=Path("glassine-probe"),
    show_default=True,
    help="The folder of the evidence.",
)
@click.option(
    "--new-canary",
    metavar="PNG",
    type=Name(path_type=Path),
    help="Instead: draw a new random motif and phrase, and note them in the ledger.",
)
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON on standard output.")
def command(
    model: Path | None,
    folder: Path | None,
    new_canary: Path | None,
    **given: Any,  # noqa: ANN401
) -> None:
    """Ask the local MODEL about the works in FOLDER.

    MODEL is a folder as diffusers saves it, or the word embedded: the research surrogate that
    ships, on which this can be tried, because what it has learnt is known. Half of a picture is
    hidden and completed; samples for its words are compared with it; the denoiser's loss is
    compared over the whole set. Nothing is said of a single picture's membership, because that
    cannot be known.
    """
    if new_canary:
        plant(new_canary)
        return
    if model is None or folder is None:
        raise speech.misused("cli.probe_what")
    asked_of(model, folder, given)


def plant(file: Path) -> None:
    """Draws a canary: writes its motif as a picture, and prints its phrase."""
    from ...machine import files
    from ...probe.canaries import registered

    files.check_writable(file)
    if file.exists():
        raise NotUsable("probe.canary_exists", path=file)
    canary, data = registered()
    files.write(file, data)
    click.echo(speech.phrase("probe.canary_made", path=file, phrase=canary.phrase))


def asked_of(model: Path, folder: Path, given: dict[str, Any]) -> None:
    from ...batch.folder import make_folder
    from ...denoisers.folder import parts_in
    from ...denoisers.loaded import check_libraries
    from ...machine.device import choose
    from ...machine.weights import is_shipped
    from ...probe import local, pack, run

    parts = parts_in(model)
    if given["lora"]:
        local.check_lora(given["lora"])
    check_libraries()
    other = parts_in(given["reference"]) if given["reference"] else None
    files = local.digests(parts, given["lora"])
    its_files = local.digests(other, None) if other else {}
    order = replace(order_of(files, its_files, folder, given), research=is_shipped(model))
    for said in run.doubts(order):
        click.echo(speech.phrase("cli.probe_doubt", says=said), err=True)
    load = partial(local.local_model, captions=captions_of(order), device=choose(given["device"]))
    made = load(parts, side=given["side"], lora=given["lora"])
    beside = load(other, side=None, lora=None) if other else None
    make_folder(given["out"])
    for said in run.beforehand(order, made, given["out"], beside):
        click.echo(speech.spoken(said), err=True)
    answers = run.probe(order, made, given["out"], teller(), beside)
    examined = pack.Examined(parts.folder.resolve().name, files, made.side)
    name = given["reference"].resolve().name if other else ""
    reference = pack.Examined(name, its_files, beside.side) if beside else None
    command = again(model, folder, given)
    told = pack.evidence(order, examined, answers, command, today(), reference)
    pack.write_pack(given["out"], told, order, answers[0])
    tell_answers(told, answers, given)


def order_of(
    files: dict[str, str], reference: dict[str, str], folder: Path, given: dict[str, Any]
) -> Order:
    """What will be asked, every picture of it opened once; raises before the model is loaded."""
    from ...probe.canaries import known_canaries
    from ...probe.questions import Effort
    from ...probe.run import Order
    from ...probe.works import check_apart, works_in
    from ..options import comma_names

    names = comma_names(given["ask"])
    if not names or set(names) - set(_QUESTIONS):
        raise speech.misused("cli.probe_questions", known=_QUESTIONS)
    works, problems = works_in(folder, given["words"])
    controls, more = works_in(given["against"], given["words"]) if given["against"] else ([], ())
    check_apart(works, controls)
    for said in (*problems, *more):
        click.echo(speech.phrase("cli.left_out", reason=said), err=True)
    return Order(
        identity=identity_of([files, given["side"]]),
        reference=identity_of([reference]) if reference else "",
        works=tuple(works),
        controls=tuple(controls),
        canaries=tuple(known_canaries()) if given["canaries"] else (),
        questions=tuple(name for name in _QUESTIONS if name in names),
        effort=Effort(**{name: given[name] for name in EFFORT}),
        words=given["words"],
    )


def identity_of(told: list[Any]) -> str:
    from hashlib import sha256

    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def captions_of(order: Order) -> list[str]:
    phrases = [one.phrase for one in order.canaries]
    return [*(one.caption for one in (*order.works, *order.controls)), *phrases]


def teller() -> Told:
    """A watcher that prints a line now and then, with the time that is left."""
    last = 0

    def told(now: Asking) -> None:
        nonlocal last
        if now.left is None or (now.done - last) * _LINES < now.total:
            return
        last = now.done
        minutes = now.left / 60
        said = message("cli.probe_progress", done=now.done, total=now.total, minutes=minutes)
        click.echo(speech.spoken(said), err=True)

    return told


def word_for(file: Path) -> str:
    """Its name; for the folder of the model that ships, the word that means it."""
    from ...machine.weights import EMBEDDED, is_shipped

    return EMBEDDED if is_shipped(file) else file.name


def again(model: Path, folder: Path, given: dict[str, Any]) -> str:
    """The command line that repeats the figures, with names of folders and without their paths."""
    words = ["glassine", "probe", word_for(model), folder.name]
    for name in ("against", "lora", "reference"):
        words += [f"--{name}", word_for(given[name])] if given[name] else []
    for name in ("ask", "words", *EFFORT, "side"):
        words += [f"--{name}", str(given[name])] if given[name] is not None else []
    return shlex.join(words)


def today() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).date().isoformat()


def tell_answers(told: dict[str, Any], answers: Answers, given: dict[str, Any]) -> None:
    """Prints each question's answer, and what it does not prove; doubts were printed before."""
    from ...probe import pack

    if given["as_json"]:
        click.echo(json.dumps(told, indent=1))
        return
    outcomes, heard = answers
    for one in outcomes:
        copies = pack.copies_said(one)
        said = [pack.verdict(one), *([copies] if copies else []), pack.not_proved(one.question)]
        click.echo("\n".join(speech.spoken(part) for part in said))
    for canary in heard:
        click.echo(speech.spoken(pack.canary_said(canary)))
    if heard:
        click.echo(speech.phrase("probe.canary.not"))
    click.echo(given["out"] / pack.PAGE)
