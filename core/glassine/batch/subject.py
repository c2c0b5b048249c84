"""A set of pictures of one subject or artist, perturbed together to be harder to learn (ASPL).

After Anti-DreamBooth (Van Le et al., 2023), in turns: a model is fine-tuned on the pictures as they
are by then, and each picture takes some steps against that model. One network is fine-tuned
throughout, by LoRA; the paper fine-tunes two, in full. A turn that was not finished is repeated,
with the same result.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Generator, Tensor

from ..denoisers.loaded import denoiser
from ..denoisers.lora import Pupil, pupil
from ..errors import NotUsable
from ..explore.ahead import step_seconds, told_ahead
from ..explore.denoising import LARGEST, Through, through_model
from ..explore.kept import FOUND, file_of, put_aside, taken_up
from ..explore.training_sizes import reduced_to, side_of
from ..explore.views import CROP
from ..explore.walk import Search, Way, arrived, course, prepared, stride
from ..flow.plan import plan
from ..flow.read import read
from ..flow.recipes import MODEL_RECIPES
from ..machine import files
from ..machine.device import Device, choose, repeatable
from ..messages import Message
from ..pixels.flatten import on_white
from ..pixels.pad import padded
from ..types import Denoising, Intent, Plan, Progress, Watch
from ..version import engine_version
from .folder import file_digest
from .jobs import picture_seed, request_digest

NAME, TURN, PUPIL = ".glassine-subject", "turn.json", "pupil"
_STREAM = 1_000_003  # factor of a seed, so that no turn of another seed draws the same numbers


@dataclass(frozen=True)
class Subject:
    """The pictures and the request; `folder` keeps how far the work is."""

    pictures: tuple[Path, ...]
    intent: Intent
    asks: Denoising
    folder: Path
    device: str

    def plan(self, picture: Path) -> Plan:
        """The very plan that is made again when the picture's copy is written."""
        seed = picture_seed(file_digest(picture))
        wish = replace(self.intent, found=str(self.folder))
        wish = wish if wish.seed is not None else replace(wish, seed=seed)
        return plan(read(picture), wish, device=self.device)

    def span(self, turn: int, steps: int) -> range:
        """The steps of a picture, of `steps` in all, that belong to that turn."""
        return range(turn * steps // self.asks.rounds, (turn + 1) * steps // self.asks.rounds)

    def file(self, name: str, turn: int) -> Path:
        return self.folder / f"{name}-{turn}.safetensors"


def with_subject(
    intent: Intent, pictures: Sequence[Path], out: Path, device: str, watch: Watch
) -> Intent:
    """The intent with the folder of the changes that were found for the whole set together.

    Unchanged where the recipe does not work on sets.
    """
    recipe = MODEL_RECIPES.get(intent.recipe)
    if recipe is None or recipe.denoising is None or not recipe.denoising.rounds:
        return intent
    usable = tuple(readable(pictures))
    digests = tuple(file_digest(picture) for picture in usable)
    key = request_digest((engine_version(), request_digest(intent), digests))
    folder = out / NAME / key[:16]
    folder.mkdir(parents=True, exist_ok=True)
    subject = Subject(usable, intent, recipe.denoising, folder, device)
    if usable and turn_of(subject) <= subject.asks.rounds:
        with repeatable():
            taught(subject, watch)
    return replace(intent, found=str(folder))


def readable(pictures: Sequence[Path]) -> Iterator[Path]:
    """Pictures that can be read; the batch reports the others when their turn comes."""
    for picture in pictures:
        with suppress(NotUsable):
            read(picture)
            yield picture


def turn_of(subject: Subject) -> int:
    """The next turn, from 0; `rounds` where only the results are missing, one more after these."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return int(json.loads((subject.folder / TURN).read_text())["next"])
    return 0


def taught(subject: Subject, watch: Watch) -> None:
    """Runs all turns that are left, then stores each picture's final change."""
    first = subject.plan(subject.pictures[0])
    device, asks = choose(first.device), subject.asks
    denoiser.cache_clear()  # the cached model may be fine-tuned already
    try:
        learner = pupil(
            through_model(first, device).sees, asks.rank, asks.rate, subject.intent.seed or 0
        )
        told = learning_ahead(first, len(subject.pictures), device)
        watch(Progress(0, asks.rounds * len(subject.pictures), "optimise", (told,)))
        for turn in range(turn_of(subject), asks.rounds):
            one_turn(subject, learner, turn, device, watch)
        for picture in subject.pictures:
            way = way_of(subject, picture, asks.rounds, device)
            put_aside(file_of(way.plan), {FOUND: arrived(way)})
        finished(subject, asks.rounds)
    finally:
        denoiser.cache_clear()  # whoever loads it next needs it as it came


def learning_ahead(plan: Plan, count: int, device: Device) -> Message:
    """Memory and time that the whole set takes, estimated by one step on its first picture."""
    asks = plan.recipe.denoising
    assert asks
    steps = plan.steps * count + asks.rounds * asks.lessons
    return told_ahead(plan, device, step_seconds(plan, device), steps)


def one_turn(subject: Subject, learner: Pupil, turn: int, device: Device, watch: Watch) -> None:
    """Fine-tunes the model on the pictures as they are, then moves each of them against it."""
    if turn:
        learner.recall(taken_up(subject.file(PUPIL, turn)))
    draw = Generator().manual_seed((subject.intent.seed or 0) * _STREAM + turn)
    latents = [trained_on(subject, picture, turn, device) for picture in subject.pictures]
    for _ in range(subject.asks.lessons):
        learner.learn(latents, draw)
    put_aside(subject.file(PUPIL, turn + 1), learner.state())
    done, count = turn * len(subject.pictures), len(subject.pictures)
    for at, picture in enumerate(subject.pictures):
        way = way_of(subject, picture, turn, device)
        own = Generator().manual_seed(way.plan.seed * _STREAM + turn)
        for step in subject.span(turn, way.plan.steps):
            stride(way, step, own)
        search = {"change": way.search.change, "velocity": way.search.velocity}
        put_aside(subject.file(name_of(at), turn + 1), search)
        watch(Progress(done + at + 1, subject.asks.rounds * count, "optimise"))
    finished(subject, turn)


def finished(subject: Subject, turn: int) -> None:
    """Notes that the turn is done, and deletes files that only this turn needed."""
    files.write(subject.folder / TURN, json.dumps({"next": turn + 1}).encode())
    for old in subject.folder.glob(f"*-{turn}.safetensors"):
        old.unlink()


def way_of(subject: Subject, picture: Path, turn: int, device: Device) -> Way:
    """The picture's search, in its state before that turn."""
    made = subject.plan(picture)
    ground = prepared(made, device)
    search = Search.on(ground.canvas)
    if turn:
        before = taken_up(subject.file(name_of(subject.pictures.index(picture)), turn))
        search = Search(before["change"].to(device.kind), before["velocity"].to(device.kind))
    return Way(made, ground, search, course(made, ground.canvas, device, CROP))


def name_of(at: int) -> str:
    return f"picture{at}"


@torch.no_grad()
def trained_on(subject: Subject, picture: Path, turn: int, device: Device) -> Tensor:
    """(1, C, h, w): latents of the picture with its change so far, as a trainer encodes them; it is
    reduced first where it has more pixels than a square of LARGEST."""
    way = way_of(subject, picture, turn, device)
    through: Through = through_model(way.plan, device)
    artwork = way.plan.artwork
    rgb = (artwork.rgb + arrived(way).float()).clamp(0, 1)
    seen = on_white(rgb, artwork.alpha)
    if side_of(*seen.shape[1:]) > LARGEST:
        seen = reduced_to(seen, LARGEST)
    return through.latents(padded(seen).to(device.kind)[None])
