"""The device that computes, and the number format that is fastest on it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

import torch

from . import bytewise
from .errors import NotUsable


@dataclass(frozen=True)
class Device:
    """What computes.

    kind   as torch names it
    says   what a person reads
    dtype  what networks run in
    in_bytes  whether slopes are found faster in bytes, with `bytewise`: on a Zen 4 in .57 of
              bfloat16's time and .33 of float32's. Beside AMX it was not tried
    """

    kind: str
    says: str
    dtype: torch.dtype
    in_bytes: bool = False

    @property
    def steps_in(self) -> str:
        """The numbers in which steps are taken: another machine's may give other pixels."""
        return "bytes" if self.in_bytes else str(self.dtype).removeprefix("torch.")


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
    dtype = torch.bfloat16 if has_fast_bfloat16() else torch.float32
    in_bytes = not torch.cpu._is_amx_tile_supported() and bytewise.usable()
    return [*found, Device("cpu", f"CPU, {torch.get_num_threads()} threads", dtype, in_bytes)]


def has_fast_bfloat16() -> bool:
    """Whether bfloat16 beats float32 on this CPU.

    It does with AMX and on AMD since Zen 4. Intel's AVX-512 instruction alone runs at half rate:
    measured 1.6 times slower than float32 on a Xeon whose AMX was hidden.
    """
    if torch.cpu._is_amx_tile_supported():
        return True
    return torch.cpu._is_avx512_bf16_supported() and "AuthenticAMD" in processor()


def processor() -> str:
    """What the system says of its processor, maker included."""
    listed = Path("/proc/cpuinfo")
    return listed.read_text() if listed.exists() else platform.processor()
