"""Plan -> the change at full reach, on the plan's device or on what is left when that fails."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from ..errors import OutOfMemory
from ..explore.pyramid import pyramid
from ..explore.tiles import SIZE
from ..machine import memory
from ..machine.device import Device, choose, ran_out_of_memory, repeatable
from ..types import Change, Plan, Watch, quiet

REASON = 150  # letters of what a card said when it failed


def optimise(plan: Plan, *, watch: Watch = quiet) -> Change:
    """The change that pulls every surrogate's latents to the goals; `settle` makes a picture of it.

    Its notes say what had to be done differently than planned.
    """
    device = choose(plan.device)
    try:
        return Change(plan, *within_memory(plan, device, watch))
    except (RuntimeError, FloatingPointError) as error:
        if device.kind == "cpu":
            raise
        why = f"{type(error).__name__}: {error}".splitlines()[0][:REASON]
    cpu = choose("cpu")
    pixels, notes = within_memory(plan, cpu, watch)
    failed = f"{device.says} failed ({why}); it was done on the {cpu.says}."
    return Change(plan, pixels, (failed, *notes))


def within_memory(plan: Plan, best: Device, watch: Watch) -> tuple[Tensor, tuple[str, ...]]:
    """The change as far as that device's memory allows, and what was done to make it fit."""
    notes: tuple[str, ...] = ()
    for device, size, instead in ladder(best):
        notes = (*notes, *([instead] if instead else []))
        try:
            with memory.reused(), repeatable():
                return pyramid(plan, device, size, watch), notes
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error):
                raise
    height, width = plan.artwork.rgb.shape[1:]
    raise OutOfMemory(
        f"This picture of {width} x {height} pixels was to be protected, and memory ran out even "
        "in the smallest tiles on the processor. Close other programs, or protect a smaller copy."
    )


def ladder(device: Device) -> Iterator[tuple[Device, int, str]]:
    """(device, tile size, sentence about it): what is tried in turn when memory runs out."""
    yield device, SIZE, ""
    yield device, SIZE // 2, f"Memory ran out on {device.says}; it was done in smaller tiles."
    if device.kind != "cpu":
        cpu = choose("cpu")
        yield cpu, SIZE, f"Memory ran out on {device.says}; it was done on the {cpu.says}."
    yield choose("cpu"), SIZE // 4, "Memory ran out again; it was done in the smallest tiles."
