"""What the artist chose -> a job with its pixels, or the reason why there is none."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ..canvas.frames import is_film, take_film
from ..canvas.layers import canvas_of, find_layer, layer_for
from ..canvas.libkis import Document, Node
from ..canvas.own_layers import OwnLayer, own_layer_ids, own_layer_in
from ..canvas.pictures import refuse_stills, take_flattened, take_picture, take_source
from ..canvas.sources import source_of
from ..engine.asks import ExportFile, ExportWish, Intent, Point, Protect
from ..engine.catalogue import entry_says, recipe_label
from ..engine.reading import numbers
from ..words.gaps import message
from ..words.texts import t
from .choices import Artist, Choice, Exporting
from .finishing import ask_which_frames
from .job import Job, Kind, Order, State
from .settings import write_exporting
from .watch.already_protected import opened_file

SEED_BITS = 31


def order_layer(doc: Document, choice: Choice, intent: Intent, of: OwnLayer | None = None) -> Job:
    """Protects the layer, the selection or the picture; the result is a new layer.

    of  a copy that is to be made anew, from its own source instead of what is active
    """
    doc.waitForDone()  # a stroke that was just made belongs to it
    scope = choice.scope
    if (moving := animated_layer(doc, scope, of)) is not None:
        return order_film(doc, choice, intent, moving, of)
    if of is None:
        refuse_stills(doc, scope)
    picture, node = take_picture(doc, scope) if of is None else take_source(doc, of)
    name = layer_name(None if node is None else node.name(), intent)
    layer = None if node is None else node.uniqueId()
    ask = Protect(replace(intent, seed=new_seed()), opened_file(doc))
    source = source_of(doc, node, picture.place, own_layer_ids(doc))
    told = choice_told(choice, intent)
    order = Order(Kind.APPLY, name, ask, doc, layer, "", picture.place, source, told)
    job = Job(order, picture)
    return job if of is not None else ask_if_own(job, doc, scope)


def animated_layer(doc: Document, scope: str, of: OwnLayer | None) -> Node | None:
    """The layer that is to be protected frame by frame; None where it is not animated."""
    if of is not None:
        moving = of.source is not None and of.source.times
        return find_layer(doc, of.source.layer) if of.source is not None and moving else None
    node = layer_for(doc, scope)
    return node if scope == "layer" and is_film(node) else None


def order_film(
    doc: Document, choice: Choice, intent: Intent, node: Node, of: OwnLayer | None
) -> Job:
    """Protects an animated layer; asks which of its frames, where there are several.

    of  an earlier copy of the same frames
    """
    film = take_film(doc, node)
    name = layer_name(node.name(), intent)
    ask = Protect(replace(intent, seed=new_seed()), opened_file(doc))
    source = source_of(doc, node, canvas_of(doc), own_layer_ids(doc), film.times)
    told = choice_told(choice, intent)
    frames: tuple[int, ...] = ()
    if of is not None:
        earlier = of.choice.get("frames", ())
        frames = tuple(at for at in film.times if at in earlier) or film.times
        told["frames"] = list(frames)
    place, layer = film.place, node.uniqueId()
    order = Order(Kind.APPLY, name, ask, doc, layer, "", place, source, told, frames)
    if of is not None:
        return Job(order, film)
    job = ask_if_own(Job(order, film), doc, choice.scope)
    if job.state is not State.ASKING:
        ask_which_frames(job)
    return job


def choice_told(choice: Choice, intent: Intent) -> dict[str, Any]:
    """What a copy remembers of its choice, so that it can be made anew."""
    spared = {"spared": [list(point) for point in intent.spared]} if intent.spared else {}
    return {**asdict(replace(choice, effort="")), **spared}


def spared_then(told: Mapping[str, Any]) -> tuple[Point, ...] | None:
    """The faces that were left alone, from what a copy remembers; a file may say anything."""
    rows = told.get("spared")
    pairs = [row for row in rows if numbers(row, 2)] if isinstance(rows, list) else []
    return tuple((float(x), float(y)) for x, y in pairs) or None


def order_file(doc: Document, path: str, how: Exporting, intent: Intent, artist: Artist) -> Job:
    """Exports what shows, flattened, as a file with marks."""
    doc.waitForDone()
    picture = take_flattened(doc)
    wanted = replace(intent, seed=new_seed(), export=export_wish(how, artist))
    ask = ExportFile(wanted, opened_file(doc))
    write_exporting(doc, how)
    return ask_if_own(Job(Order(Kind.EXPORT, path, ask, doc, path=path), picture), doc, "picture")


def export_wish(how: Exporting, artist: Artist) -> ExportWish:
    """The choices of an export, as the engine wants them."""
    return ExportWish(
        format=how.format,
        quality=how.quality,
        marks=how.marks,
        longest_side=how.longest or None,
        claim=asdict(artist),
        keep_path=how.keep_path,
        sidecar=how.sidecar,
        keep_private=how.keep_private,
    )


def ask_if_own(job: Job, doc: Document, scope: str) -> Job:
    """Asks before any work where a layer was made here, which is known without the engine."""
    replaced = job.order.kind is Kind.APPLY
    if layer := own_layer_in(doc, scope, replaced=replaced):
        job.state, job.why = State.ASKING, message("twice_layer", layer=layer)
    return job


def order_refusal(doc: Document | None, intent: Intent, engine: str) -> str:
    """Why there can be no job, as a code of texts.json; "" where nothing is in the way."""
    if doc is None:
        return "nothing_to_protect"
    if engine == "absent":
        return "needs_engine"
    return "" if intent.complete else "poison_incomplete"


def layer_name(layer: str | None, intent: Intent) -> str:
    """Says what was done, to which layer."""
    parts = [recipe_label(intent.recipe)]
    if intent.style is not None:
        parts.append(entry_says("styles", intent.style) if intent.style else t("chosen_for_me"))
    if intent.shows is not None:
        parts.append(f"{intent.shows} → {intent.teach}")
    return f"{layer or t('picture')} ({', '.join(parts)})"


def new_seed() -> int:
    """Chosen here so that a failed job can be tried again with the same pixels."""
    return uuid.uuid4().int >> (128 - SEED_BITS)
