"""The options that say what is wanted, for `protect` and `batch`, and the intent they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ..flow.recipes import MODEL_RECIPES, RECIPES, SCORES, STEPS
from . import claim, speech, unused
from .choices import OneOf, Switch
from .names import Name
from .numbers import Whole

if TYPE_CHECKING:
    from torch import Tensor

    from ..types import Export, Intent, Strength
    from ..units import Score

F = TypeVar("F", bound=Callable[..., Any])


def listed(numbers: Mapping[str, float]) -> str:
    """The values in words: 1, 2 or 3."""
    *some, last = (f"{number:g}" for number in numbers.values())
    return f"{', '.join(some)} or {last}"


def seen_working(ctx: click.Context, _: click.Parameter, wish: str) -> str:
    """The wish, checked: a card that does not work is an error before the first picture."""
    if wish not in ("auto", "cpu") and not ctx.resilient_parsing:
        from ..machine.device import choose

        choose(wish)
    return wish


DEVICE = click.option(
    "--device",
    type=OneOf(("auto", "cpu", "cuda", "xpu", "mps")),
    default="auto",
    show_default=True,
    callback=seen_working,
    help="What computes: cpu, or a card: cuda (NVIDIA and AMD), xpu (Intel), mps (Apple). auto: "
    "the fastest one that works (see: glassine doctor). Choose cpu where a card makes trouble.",
)


def completed(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Names for the shell to complete; loads the engine only when the Tab key is pressed.

    Of several names joined by commas the last is completed. Where no style begins so, files are.
    """

    def names(ctx: click.Context, parameter: click.Parameter, start: str) -> list[CompletionItem]:
        from ..flow.catalogue import catalogue

        before, comma, last = start.rpartition(",")
        found = [
            CompletionItem(f"{before}{comma}{row['name']}", help=row.get("says"))
            for row in catalogue()[kind]
            if row["name"].startswith(last)
        ]
        return found or [CompletionItem(start, type="file")] * (kind == "styles")

    return names


WHICH = (
    click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...", type=Name()),
    click.option(
        "-o",
        "--out",
        metavar="OUT",
        type=Name(),
        help="A file, or a folder for several pictures.",
    ),
)
"""Which pictures, and where their copies go."""

AS_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Results as JSON on standard output."
)

TOLD = (
    click.option(
        "--again",
        is_flag=True,
        help="Also protect pictures that are already protected, and replace an earlier copy or "
        "whatever picture -o names.",
    ),
    AS_JSON,
)
"""The last options of every command that takes pictures by name."""

GOALS = (
    click.option(
        "--recipe",
        type=OneOf((*RECIPES, *MODEL_RECIPES)),
        help="cloak: towards another style. poison: towards another concept. both: both at once. "
        "Without it: cloak, or poison where --shows and --teach are given, or both where a style "
        "is named too. The others need --model.",
    ),
    click.option(
        "--style",
        metavar="NAME|PICTURE",
        shell_complete=completed("styles"),
        help="The style a cloak pulls towards: a name (see: glassine preview), 'texture', or a "
        "picture whose style is taken. Without it, one far enough from yours is chosen.",
    ),
    click.option(
        "--target",
        metavar="PICTURE",
        type=Name(),
        help="Pull towards this very picture instead of a style.",
    ),
    click.option(
        "--shows", metavar="WORD", help="Poison: what the picture shows, for example dog."
    ),
    click.option(
        "--teach",
        metavar="WORD",
        shell_complete=completed("concepts"),
        help=f"Poison: what models should take it for, for example cat. {RECIPES['poison'].note}",
    ),
    click.option(
        "--anchor",
        metavar="PICTURE",
        type=Name(),
        help="Poison: your own picture of that other concept. Artists who act together must "
        "use the same one.",
    ),
    click.option(
        "--campaign",
        metavar="NAME",
        help="Poison as agreed in a campaign that you joined: it sets what --teach, --anchor and "
        "--strength would. --shows says which of its concepts the picture shows.",
    ),
)
"""What a picture is moved towards."""

HOW = (
    click.option(
        "--strength",
        metavar="auto|subtle|balanced|strong",
        default="auto",
        show_default=True,
        help=f"How visible the change may be. The words mean SSIMULACRA2 scores of "
        f"{listed(SCORES)}; a number is a score of your own. auto: subtle for line art, pixel art, "
        "flat colours and gradients; else balanced.",
    ),
    click.option(
        "--in-colour", is_flag=True, help="Let a picture without colour come back with some."
    ),
    click.option(
        "--effort",
        type=OneOf(tuple(STEPS)),
        default="quick",
        show_default=True,
        help=f"{listed(STEPS)} steps, each through one family's encoder.",
    ),
)
"""How strongly."""

MODEL = (
    click.option(
        "--model",
        metavar="FOLDER|embedded",
        type=Name(),
        help="A model on this machine to look through, as diffusers saves it (Stable Diffusion 1 "
        "to 3.5, SDXL, FLUX.1), with files ending in .safetensors. Some recipes need it. embedded: "
        "the research surrogate that ships, which stands for no real model.",
    ),
    click.option(
        "--prompt",
        metavar="WORDS",
        help="What that model is told the picture shows. Without it: a painting.",
    ),
)
"""Through which model."""

REDRAW = click.option(
    "--redraw",
    is_flag=True,
    help="The page also shows what that model makes of original and copy (img2img at .3).",
)

SURROGATES = click.option(
    "--surrogates",
    metavar="NAME,...",
    shell_complete=completed("surrogates"),
    help="Encoders to optimise against. Without it: every real one on this machine, else the "
    "built-in one.",
)

MEASURED = (
    DEVICE,
    click.option(
        "--mask",
        metavar="PICTURE",
        type=Name(),
        help="Grey picture of the same size: white is protected, black is left alone.",
    ),
    click.option(
        "--format",
        "format_",
        metavar="NAME",
        shell_complete=completed("formats"),
        help="png, jpeg, webp, tiff or avif. Without it: as OUT is named, else png.",
    ),
    click.option(
        "--quality",
        type=Whole(1, 100),
        default=95,
        show_default=True,
        help="For jpeg, webp and avif.",
    ),
    click.option(
        "--seed",
        type=Whole(0, 2**32 - 1),
        metavar="NUMBER",
        help="The same seed and settings give the same pixels.",
    ),
)
"""Where it is computed, on which part, and as what kind of file."""

FILE = (
    *MEASURED,
    click.option(
        "--longest-side",
        type=Whole(32),
        metavar="PIXELS",
        help="Shrink the copy to this longer side before it is protected: training then reduces "
        "it less, or not at all.",
    ),
    click.option(
        "--marks",
        metavar="NAME,...",
        default="xmp,receipt",
        show_default=True,
        shell_complete=completed("marks"),
        help='What the file carries, for example xmp,watermark,receipt, or none. xmp says "do not '
        'train" in its metadata; a receipt is an entry in the ledger on this machine.',
    ),
    click.option(
        "--keep-path",
        type=Switch(),
        is_flag=True,
        envvar="GLASSINE_KEEP_PATH",
        help="The receipt also notes where the file was put.",
    ),
    click.option(
        "--keep-private",
        is_flag=True,
        help="The copy also tells where, when and on what the picture was made, as far as the "
        "original does. Without it, it tells only who made it and what it may be used for.",
    ),
    click.option("--sidecar", is_flag=True, help="Write the receipt beside the file too, as JSON."),
    *claim.OPTIONS,
)
"""The same, and what the file carries that comes out of it."""

OPTIONS = (*GOALS, *HOW, *MODEL, REDRAW, SURROGATES, *FILE)

SEARCH = (*GOALS, *HOW, *MODEL, SURROGATES, *MEASURED)
"""For a command that writes no copy and no page."""

NOTHING: dict[str, Any] = {
    **dict.fromkeys(("recipe", *(name for names in unused.GOALS.values() for name in names))),
    **dict.fromkeys(("model", "prompt", "surrogates", "longest_side")),
    **dict.fromkeys(("redraw", "keep_path", "keep_private", "sidecar"), False),
    "marks": "none",
    **claim.NOTHING,
}
"""What stands for the options that a command does not have."""


def intent_options(command: F) -> F:
    return with_options(command, OPTIONS)


def of_pictures(*options: Callable[[F], F]) -> Callable[[F], F]:
    """These options, for a command that is given pictures by name."""
    return with_all(*WHICH, *options, *TOLD)


def with_all(*options: Callable[[F], F]) -> Callable[[F], F]:
    return lambda command: with_options(command, options)


def with_options(command: F, options: Sequence[Callable[[F], F]]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def given_intent(given: dict[str, Any], suffix: str = "") -> Intent:
    """The intent that the options make, with every picture they name opened; raises before any
    work is done."""
    from ..types import Intent

    given = NOTHING | given
    recipe, marks = unused.implied_recipe(given), comma_names(given["marks"])
    marks = () if marks == ("none",) else marks
    format_ = format_name(given["format_"], suffix)
    unused.refuse_unused(given, recipe, marks, format_)
    word, lent = named_style(given["style"])
    wish = Intent(
        recipe=recipe,
        style=word,
        style_picture=lent,
        target=named_picture(given["target"]),
        shows=given["shows"],
        teach=given["teach"],
        anchor=named_picture(given["anchor"]),
        strength=named_strength(given["strength"]),
        in_colour=given["in_colour"],
        effort=given["effort"],
        surrogates=comma_names(given["surrogates"] or "") or None,
        mask=named_mask(given["mask"]),
        seed=given["seed"],
        model=given["model"],
        prompt=given["prompt"] or Intent.prompt,
        redraw=bool(given["redraw"]),
        export=named_export(given, format_, marks),
    )
    if not given["campaign"]:
        return wish
    from ..campaigns import agreed

    return agreed(wish, given["campaign"], own_strength=unused.typed(given, "strength"))


def named_export(given: dict[str, Any], format_: str, marks: tuple[str, ...]) -> Export:
    """How the protected copy is to be written."""
    from ..types import Export

    return Export(
        format=format_,
        quality=given["quality"],
        longest_side=given["longest_side"],
        marks=marks,
        claim=claim.claim(given),
        keep_path=given["keep_path"],
        sidecar=given["sidecar"],
        keep_private=given["keep_private"],
    )


def comma_names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def format_name(named: str | None, suffix: str) -> str:
    """The format that was named, else the one that OUT's suffix says; they must not differ."""
    from ..flow.encode import format_of, writable_formats
    from ..formats import FORMATS

    if not named:
        return format_of(suffix) if suffix else "png"
    name = "jpeg" if named.lower() == "jpg" else named.lower()
    if suffix and name in writable_formats() and suffix.lower() not in FORMATS[name].suffixes:
        usual = FORMATS[name].suffixes[0]
        raise speech.misused("cli.format_differs", format=name, suffix=suffix, usual=usual)
    return name


def named_style(given: str | None) -> tuple[str | None, Tensor | None]:
    """(name of a style, None), or (None, the picture) where that is a file."""
    if given and isfile(given):  # Path.is_file() raises where words are too long for a name
        return None, named_picture(given)
    return given, None


def named_picture(path: str | None) -> Tensor | None:
    if path is None:
        return None
    from ..flow.read import read

    return read(Path(path)).rgb


def named_mask(path: str | None) -> Tensor | None:
    """(1, H, W) in [0, 1] from a grey picture: white is 1, and transparent counts as black."""
    if path is None:
        return None
    from ..flow.read import read

    artwork = read(Path(path))
    grey = artwork.rgb.mean(0, keepdim=True)
    return grey if artwork.alpha is None else grey * artwork.alpha


def named_strength(word: str) -> Strength | Score:
    """A word stays a word, and plan() says which there are; a number is a score."""
    from ..units import Score

    try:
        score = float(word)
    except ValueError:
        return word  # type: ignore[return-value]
    if not 0 < score < 100:
        raise speech.misused("cli.score", word=word)
    return Score(score)
