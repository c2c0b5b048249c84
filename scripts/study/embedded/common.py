"""What every study of the embedded surrogate shares: teachers, pictures, the attack and the yardstick.

Pictures are float32 (B,3,H,W) in [0,1]; latents are in each teacher's own units.
"""
import importlib.util
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

REPO = Path(__file__).resolve().parents[3]
SHARED = Path("/work/shared")  # real encoders and paintings; only development has them
FAMILIES = {"sd15": "taesd", "sdxl": "taesdxl", "sd3": "taesd3", "flux1": "taef1", "flux2": "taef2"}


def _engine(path: str):
    # by path: the study must not need the rest of the package to be importable
    spec = importlib.util.spec_from_file_location(Path(path).stem, REPO / "core/glassine" / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


slim = _engine("surrogates/nets/slim.py")


def allowance(x: torch.Tensor) -> torch.Tensor:
    """(1,1,H,W): the engine's texture allowance of a picture (1,3,H,W)."""
    return _engine("visibility/jnd.py").texture_allowance(x[0])[None]


def fast(net: torch.nn.Module) -> torch.nn.Module:
    return net.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def teacher(family: str) -> torch.nn.Module:
    """The real encoder, (B,3,H,W) in [0,1] to latents; float32 (bfloat16 is slower on this machine)."""
    state = load_file(next((SHARED / "models" / FAMILIES[family]).glob("*encoder.safetensors"), None)
                      or next((SHARED / "models" / FAMILIES[family]).glob("*.safetensors")))
    state = {k.removeprefix("encoder.layers."): v.float() for k, v in state.items()
             if not k.startswith("decoder")}
    return fast(slim.encoder(state))


def teachers() -> dict[str, torch.nn.Module]:
    return {family: teacher(family) for family in FAMILIES}


def picture(path: Path | str, size: int) -> torch.Tensor:
    """(1,3,size,size): centre square, LANCZOS, over white where transparent."""
    image = Image.open(path).convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    w, h = image.size
    s = min(w, h)
    box = ((w - s) // 2, (h - s) // 2, (w - s) // 2 + s, (h - s) // 2 + s)
    image = image.resize((size, size), Image.LANCZOS, box=box)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def closing(real: dict, x: torch.Tensor, t: torch.Tensor):
    """y -> share of the latent gap from x to the target t that y closes, per encoder."""
    def see(encode, v):
        with torch.no_grad():
            return encode(v.contiguous(memory_format=torch.channels_last))
    ends = {k: (see(n, x), see(n, t)) for k, n in real.items()}

    def closed(y: torch.Tensor) -> dict[str, float]:
        return {k: 1 - ((see(real[k], y) - zt).norm() / (z - zt).norm()).item() for k, (z, zt) in ends.items()}
    return closed


def eight_bit(x: torch.Tensor) -> torch.Tensor:
    return (x.clamp(0, 1) * 255).round() / 255


def ssimulacra2(x: torch.Tensor, y: torch.Tensor) -> float:
    from ssimulacra2 import compute_ssimulacra2
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        for name, v in (("x", x), ("y", y)):
            pixels = (v.clamp(0, 1)[0].permute(1, 2, 0).numpy() * 255).round().astype("uint8")
            Image.fromarray(pixels).save(f"{folder}/{name}.png", compress_level=0)
        return compute_ssimulacra2(f"{folder}/x.png", f"{folder}/y.png")


def scaled(x: torch.Tensor, d: torch.Tensor, score: float = 70.0, rounds: int = 11) -> torch.Tensor:
    """x + a*d as 8-bit values, a such that SSIMULACRA2 is `score` from above.

    The search runs over the size of the change (root mean square up to 0.1), not over a: a blend needs a few percent
    of d and a sign perturbation about all of it, and a search over a in [0, 3] stopped at score 76 for the blend,
    which made the control too weak.
    """
    unit = d * (0.1 / d.square().mean().sqrt())
    low, high = 0.0, 1.0
    for _ in range(rounds):
        middle = (low + high) / 2
        low, high = (low, middle) if ssimulacra2(x, x + middle * unit) < score else (middle, high)
    return eight_bit(x + low * unit)


def pull(nets: dict, x: torch.Tensor, t: torch.Tensor):
    """y -> gradient of every family's relative squared distance to the target, each normalised to mean |g| 1."""
    with torch.no_grad():
        goals = {k: (n(x), n(t)) for k, n in nets.items()}

    def gradient(y: torch.Tensor, only: list[str] | None = None) -> dict[str, torch.Tensor]:
        out = {}
        for k in only or nets:
            z, zt = goals[k]
            v = y.detach().clone(memory_format=torch.channels_last).requires_grad_(True)
            loss = (nets[k](v) - zt).square().mean() / (z - zt).square().mean()
            (g,) = torch.autograd.grad(loss, v)
            out[k] = g / g.abs().mean().clamp_min(1e-20)
        return out
    return gradient


def attack(nets: dict, x: torch.Tensor, t: torch.Tensor, steps: int = 10, eps: float = 6 / 255,
           draw: int = 0, colour: tuple = (1.0, 1.0, 1.0), texture: bool = False, sharp: float = 0.0,
           start: torch.Tensor | None = None) -> torch.Tensor:
    """Signed steps on the sum of the families' normalised gradients, as measured in DESIGN.md; the perturbation.

    draw     families per step, each in turn; 0 = all
    colour   share of eps for red, green and blue
    texture  the engine's texture allowance instead of the same reach everywhere
    sharp    the summed gradient is sharpened by (-sharp, 1 + 2 sharp, -sharp) along both axes before its sign is
             taken: SSIMULACRA2 punishes what is coarse more than what is fine
    start    a perturbation to walk on from (then steps begin at a third of eps)
    """
    gradient, names = pull(nets, x, t), list(nets)
    limit = eps * torch.tensor(colour).view(1, 3, 1, 1) * (allowance(x) if texture else torch.ones_like(x))
    d = torch.zeros_like(x) if start is None else start
    for i in range(steps):
        only = [names[(i * draw + j) % len(names)] for j in range(draw)] or names
        g = sharpened(sum(gradient(x + d, only).values()), sharp)
        pace = (1 if start is None else 1 / 3) * (1 - 0.99 * i / steps)
        d = torch.maximum(torch.minimum(d - pace * limit * g.sign(), limit), -limit)
        d = (x + d).clamp(0, 1) - x
    return d


def sharpened(g: torch.Tensor, amount: float) -> torch.Tensor:
    """(B,3,H,W) with its fine detail raised."""
    line = torch.tensor([-amount, 1 + 2 * amount, -amount])
    kernel = (line[:, None] * line).expand(3, 1, 3, 3)
    return F.conv2d(F.pad(g, (1,) * 4, mode="reflect"), kernel, groups=3) if amount else g


def paintings() -> list[Path]:
    return sorted((SHARED / "art").glob("*.png"))


def note(path: Path, row: dict) -> None:
    """One JSON line, also on the terminal."""
    line = json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
    print(line, flush=True)
    with open(path, "a") as f:
        f.write(line + "\n")
