"""Plan -> the change at full reach, on the plan's device or, where that fails, on the processor."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from ..causes import ran_out_of_memory
from ..errors import OutOfMemory, reason_of
from ..explore.kept import kept_change
from ..explore.views import CROP
from ..explore.walk import walk
from ..machine import memory
from ..machine.device import Device, choose, repeatable
from ..messages import Message, message
from ..types import Change, Plan, Watch, quiet


def optimise(plan: Plan, *, watch: Watch = quiet) -> Change:
    """The change that pulls every surrogate's latents to the goals; `settle` makes a picture of it.

    Its notes say where the run had to depart from the plan: smaller crops, another device.
    """
    if plan.found:
        return Change(plan, kept_change(plan))
    device = choose(plan.device)
    try:
        return Change(plan, *within_memory(plan, device, watch))
    except (RuntimeError, FloatingPointError) as error:
        if device.kind == "cpu":
            raise
        reason = reason_of(error)
    cpu = choose("cpu")
    pixels, notes = within_memory(plan, cpu, watch)
    failed = message(
        "optimise.card_failed",
        device=device.says,
        reason=reason,
        processor=cpu.says,
    )
    return Change(plan, pixels, (failed, *notes))


def within_memory(plan: Plan, best: Device, watch: Watch) -> tuple[Tensor, tuple[Message, ...]]:
    """The change, and notes about what was done to make the search fit into memory."""
    notes: tuple[Message, ...] = ()
    for device, crop, instead in ladder(best):
        notes = (*notes, instead) if instead else notes
        try:
            with memory.reused(), repeatable():
                return walk(plan, device, crop, watch), notes
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error):
                raise
    height, width = plan.artwork.rgb.shape[1:]
    raise OutOfMemory("optimise.memory", width=width, height=height)


def ladder(device: Device) -> Iterator[tuple[Device, int, Message | None]]:
    """(device, longest side of a crop in pixels, note): what is tried in turn as memory runs out.

    A note tells of its try; the first has none, and even smaller crops need no second one.
    """
    yield device, CROP, None
    yield device, 512, message("optimise.smaller_crops", device=device.says)
    yield device, 256, None
    if device.kind != "cpu":
        cpu = choose("cpu")
        instead = message("optimise.on_processor", device=device.says, processor=cpu.says)
        yield cpu, CROP, instead
    yield choose("cpu"), 128, message("optimise.smallest_crops")
