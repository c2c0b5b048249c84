"""Trains the study's small model and its judges once: python -m lab.study.base [--steps N]

Writes checkpoints under --home, the curve into results/base-SIDE.json (base-EYES-SIDE.json).
Started again, it resumes. --eyes witness: through our own encoder, which nothing is optimised
against.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from glassine.machine.weights import SHIPPED_MODEL
from safetensors.torch import load_file
from torch import Tensor

from . import judge, pictures, small
from .learners import Learner
from .pictures import Captioned

Judged = tuple[judge.Classifier, float]

RESULTS = Path(__file__).parent / "results"
STEPS, RATE, BATCH, MASTER = 4000, 1e-3, 32, 128
STYLES = ("lavender-mist", "ember", "sepia-etching", "starry-strokes")
"""Rendered styles the model knows by name; the first is what the cloak pulls towards: the one the
product itself chose for most of the eighteen works."""


def vocabulary() -> list[str]:
    words = {w for one in pictures.concepts() for w in one.caption.split()}
    words |= {w for one in pictures.portraits() for w in one.caption.split()}
    return sorted(words | {"victim", *STYLES})


def prepared(home: Path, name: str, found: list[Captioned], side: int) -> Tensor:
    """Pictures of a list as one tensor; the larger ones are kept between runs."""
    large = max(side, MASTER)
    file = home / (f"{name}.pt" if large == MASTER else f"{name}-{large}.pt")
    if not file.exists():
        whole = torch.stack([pictures.opened(one.path, large) for one in found])
        home.mkdir(parents=True, exist_ok=True)
        torch.save(whole.half(), file)
    whole = torch.load(file, weights_only=True)
    return shrunk(whole.float(), side)


def shrunk(whole: Tensor, side: int) -> Tensor:
    return whole if whole.shape[-1] <= side else F.interpolate(whole, (side, side), mode="area")


def kept(home: Path, name: str, model: Learner, whole: Tensor) -> Tensor:
    """Their latents, kept between runs."""
    file = home / f"{named(name, model)}-latents.pt"
    if not file.exists():
        torch.save(model.latents(whole), file)
    latents: Tensor = torch.load(file, weights_only=True)
    return latents


def named(name: str, model: Learner) -> str:
    """A file's name with that of the encoder that its contents went through, unless it is TAESD."""
    eyes = model.describe().get("encoder", "taesd")
    return name if eyes == "taesd" else f"{name}-{eyes}"


def model(home: Path, eyes: str = "taesd", side: int = small.SIDE) -> small.Small:
    """The trained small model. Where this script has not been run, it is the one that ships (the
    same weights in float16), and of another side or encoder there is none."""
    made = small.Small(vocabulary(), small.EYES[eyes](home), side=side)
    file = home / f"{named('base', made)}-{side}.pt"
    if not file.exists() and (eyes, side) == ("taesd", small.SIDE):
        return opened(SHIPPED_MODEL, made)
    kept = torch.load(file, weights_only=True)
    made.load(kept["raw"])
    made.settle(kept["calm"])
    return made


def opened(folder: Path, made: small.Small) -> small.Small:
    """`made` with the weights of a folder that folder.py wrote: the way back from there."""
    unet = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    text = load_file(folder / "text_encoder" / "model.safetensors")
    text = {name.split(".")[-2]: one[..., : small.WIDTH] for name, one in text.items()}
    words = {"table.weight": text["token_embedding"], "place": text["position_embedding"]}
    heard = {n: one[:, : small.WIDTH] if small.hears(n) else one for n, one in unet.items()}
    made.load({"unet": heard, "words": words})
    return made


def concept_judge(home: Path, coder: small.Small) -> Judged:
    """(classifier, accuracy on the later half): trained on the first half; kept between runs."""
    first, later = pictures.split(pictures.concepts())
    whole = prepared(home, "concepts-first", first, MASTER)
    held = prepared(home, "concepts-later", later, coder.side)
    names = [[one.label for one in half] for half in (first, later)]
    return judged(home, "concepts", whole, names[0], held, names[1], coder)


def style_judge(home: Path, coder: small.Small) -> Judged:
    """The same over styles: trained on two artists' portraits, asked about the third's."""
    faces = pictures.portraits()
    known, own = ([f for f in faces if (f.label == pictures.VICTIM) is it] for it in (False, True))
    plain = prepared(home, "known-portraits", known, MASTER)
    held = prepared(home, "victim", own, MASTER)
    sets = {"plain": plain} | {name: restyled(home, "known-", plain, name) for name in STYLES}
    asked = {"plain": held} | {name: restyled(home, "victim-", held, name) for name in STYLES}
    names = [[name for name in sets for _ in part] for part in (plain, held)]
    whole, held = (torch.cat(list(part.values())) for part in (sets, asked))
    return judged(home, "styles", whole, names[0], shrunk(held, coder.side), names[1], coder)


def judged(
    home: Path,
    name: str,
    whole: Tensor,
    labels: list[str],
    held: Tensor,
    truth: list[str],
    coder: small.Small,
) -> Judged:
    """(classifier, its accuracy on `held`), kept between runs. It learns every fourth picture a
    second time, encoded and decoded."""
    file = home / f"{named(f'judge-{name}', coder)}-{coder.side}.pt"
    made = judge.Classifier(list(dict.fromkeys(labels)))
    if not file.exists():
        whole = shrunk(whole, coder.side)
        again = [
            coder.decode(coder.encode(part)).clamp(0, 1) for part in torch.split(whole[::4], 8)
        ]
        made = judge.trained(torch.cat((whole, *again)), labels + labels[::4])
        right = judge.accuracy(made, held, truth)
        torch.save({"state": made.state_dict(), "accuracy": right}, file)
    kept = torch.load(file, weights_only=True)
    made.load_state_dict(kept["state"])
    return made.eval(), kept["accuracy"]


def learnt(home: Path, coder: small.Small) -> tuple[Tensor, list[str], Tensor]:
    """Everything the model is first trained on: latents, captions, how often each is drawn.

    Every concept is drawn as often as any other, and the portraits as often as three concepts.
    """
    first, _ = pictures.split(pictures.concepts())
    faces = [one for one in pictures.portraits() if one.label != pictures.VICTIM]
    plain, side = prepared(home, "known-portraits", faces, MASTER), coder.side
    concepts = prepared(home, "concepts-first", first, side)
    parts = [kept(home, f"concepts-first-{side}", coder, concepts)]
    parts += [kept(home, f"known-portraits-{side}", coder, shrunk(plain, side))]
    captions, labels = [one.caption for one in first], [one.label for one in first]
    captions, labels = captions + [f.caption for f in faces], labels + ["plain"] * len(faces)
    for name in STYLES:
        pages = shrunk(restyled(home, "known-", plain, name), side)
        parts.append(kept(home, f"known-{name}-{side}", coder, pages))
        captions += [f"a portrait by {name}"] * len(faces)
        labels += [name] * len(faces)
    share = {label: 1.0 for label in pictures.CONCEPTS} | {"plain": 1.0}
    share |= dict.fromkeys(STYLES, 0.5)
    odds = [share[label] / labels.count(label) for label in labels]
    return torch.cat(parts), captions, torch.tensor(odds)


def restyled(home: Path, start: str, whole: Tensor, name: str) -> Tensor:
    """The same pictures in a rendered style, kept between runs."""
    from glassine.targets import style

    file = home / f"{start}{name}.pt"
    if not file.exists():
        torch.save(torch.stack([style.rendered(one, name) for one in whole]).half(), file)
    pages: Tensor = torch.load(file, weights_only=True)
    return pages.float()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--steps", type=int, default=STEPS)
    asked.add_argument("--side", type=int, default=small.SIDE)
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked.add_argument("--eyes", choices=small.EYES, default="taesd", help="its encoder")
    given = asked.parse_args()
    made = small.Small(vocabulary(), small.EYES[given.eyes](given.home), side=given.side)
    latents, captions, odds = learnt(given.home, made)
    about = {**made.describe(), "pictures": len(captions), "batch": BATCH, "rate": RATE}
    name = f"{named('base', made)}-{given.side}"
    told = curve_writer(RESULTS / f"{name}.json", about)
    file = given.home / f"{name}.pt"
    made.train(
        latents,
        captions,
        given.steps,
        seed=1,
        rate=RATE,
        batch=BATCH,
        odds=odds,
        file=file,
        told=told,
    )


def curve_writer(file: Path, about: dict[str, Any]) -> Callable[[int, float, float], None]:
    """Adds [step, loss, seconds] to the file as the training goes."""
    old: list[list[float]] = json.loads(file.read_text())["curve"] if file.exists() else []

    def told(step: int, loss: float, seconds: float) -> None:
        nonlocal old
        old = [row for row in old if row[0] < step] + [[step, round(loss, 5), round(seconds)]]
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(about | {"curve": old}) + "\n")
        print(step, f"{loss:.4f}", f"{seconds:.0f} s", flush=True)

    return told


if __name__ == "__main__":
    main()
