"""The device that computes, and the number format that is fastest on it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .errors import NotUsable


@dataclass(frozen=True)
class Device:
    """`kind` as torch names it; `says` is what a person reads; `dtype` is what networks run in."""

    kind: str
    says: str
    dtype: torch.dtype


def choose(wish: str = "auto") -> Device:
    """The named device, or with "auto" the fastest one present."""
    found = {device.kind: device for device in present()}
    if wish == "auto":
        return next(iter(found.values()))
    if wish not in found:
        raise NotUsable(
            f"The device '{wish}' was asked for and torch does not see one. "
            f"Here there is: {', '.join(found)}."
        )
    return found[wish]


def present() -> list[Device]:
    """Every usable device, fastest kind first."""
    found = []
    if torch.cuda.is_available():  # ROCm builds answer here too
        maker = "AMD" if torch.version.hip else "NVIDIA"
        half = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        found.append(Device("cuda", f"{maker} {torch.cuda.get_device_name()}", half))
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        found.append(Device("xpu", f"Intel {torch.xpu.get_device_name()}", torch.bfloat16))
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU", torch.float16))
    cores = torch.get_num_threads()
    dtype = torch.bfloat16 if has_fast_bfloat16() else torch.float32
    return [*found, Device("cpu", f"CPU, {cores} threads", dtype)]


def has_fast_bfloat16() -> bool:
    """Whether oneDNN has native bfloat16 here; emulated, it is slower than float32."""
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(probe and probe())
