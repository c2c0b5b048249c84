"""The record of a run: what is needed to repeat it, and what a repeat should give."""

from __future__ import annotations

from dataclasses import replace

from ..machine.device import Device
from ..pixels.grid import pixel_digest
from ..record import RunRecord, record_of
from ..types import Protected
from .sight import Sight


def run_record(protected: Protected, sight: Sight, device: Device) -> RunRecord:
    """The record of the plan, with the device, the measured part and the pixels' hashes."""
    plan, depth = protected.plan, protected.plan.artwork.keep.depth
    return replace(
        record_of(protected),
        device=device.says,
        steps_in=device.steps_in,
        measured=measured_box(sight),
        sha256_clean_pixels=pixel_digest(plan.artwork.rgb, depth),
        sha256_protected_pixels=pixel_digest(protected.rgb, depth),
    )


def measured_box(sight: Sight) -> tuple[int, ...]:
    """left, top, width, height of the part that was measured."""
    rows, columns = sight.rows, sight.columns
    return columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
