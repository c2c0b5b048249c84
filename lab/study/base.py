"""Trains the study's small model and its judges once: python -m lab.study.base [--steps N]

Writes checkpoints under --home, the curve into results/base-SIDE.json; start it again to go on.
"""

import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F

from . import judge, pictures, small

RESULTS = Path(__file__).parent / "results"
STEPS, RATE, BATCH, MASTER = 4000, 1e-3, 32, 128
STYLES = ("lavender-mist", "ember", "sepia-etching", "starry-strokes")
"""Rendered styles the model knows by name; the first is what the cloak pulls towards: the one the
product itself chose for most of the eighteen works."""


def vocabulary():
    words = {w for one in pictures.concepts() for w in one.caption.split()}
    words |= {w for one in pictures.portraits() for w in one.caption.split()}
    return sorted(words | {"victim", *STYLES})


def prepared(home, name, found, side):
    """Pictures of a list as one tensor; the larger ones are kept between runs."""
    large = max(side, MASTER)
    file = home / (f"{name}.pt" if large == MASTER else f"{name}-{large}.pt")
    if not file.exists():
        whole = torch.stack([pictures.opened(one.path, large) for one in found])
        home.mkdir(parents=True, exist_ok=True)
        torch.save(whole.half(), file)
    return shrunk(torch.load(file, weights_only=True).float(), side)


def shrunk(whole, side):
    return whole if whole.shape[-1] <= side else F.interpolate(whole, (side, side), mode="area")


def kept(home, name, model, whole):
    """Their latents, kept between runs."""
    file = home / f"{name}-latents.pt"
    if not file.exists():
        torch.save(model.latents(whole), file)
    return torch.load(file, weights_only=True)


def model(home, side=small.SIDE):
    """The trained small model; raises where `base.py` has not been run."""
    made = small.Small(vocabulary(), *small.taesd(), side=side)
    kept = torch.load(home / f"base-{side}.pt", weights_only=True)
    made.load(kept["raw"])
    made.settle(kept["calm"])
    return made


def concept_judge(home, coder):
    """(classifier, accuracy on the later half): trained on the first half, both kept or made."""
    first, later = pictures.split(pictures.concepts())
    whole = prepared(home, "concepts-first", first, MASTER)
    held = prepared(home, "concepts-later", later, coder.side)
    names = [[one.label for one in half] for half in (first, later)]
    return judged(home, "concepts", whole, names[0], held, names[1], coder)


def style_judge(home, coder):
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


def judged(home, name, whole, labels, held, truth, coder):
    """(classifier, its accuracy on `held`), kept; some pictures it learns are decoded latents."""
    file = home / f"judge-{name}-{coder.side}.pt"
    made = judge.Classifier(list(dict.fromkeys(labels)))
    if not file.exists():
        whole = shrunk(whole, coder.side)
        again = [coder.decode(coder.encode(part)).clamp(0, 1) for part in whole[::4].split(8)]
        made = judge.trained(torch.cat((whole, *again)), labels + labels[::4])
        right = judge.accuracy(made, held, truth)
        torch.save({"state": made.state_dict(), "accuracy": right}, file)
    kept = torch.load(file, weights_only=True)
    made.load_state_dict(kept["state"])
    return made.eval(), kept["accuracy"]


def learnt(home, coder):
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


def restyled(home, start, whole, name):
    """The same pictures in a rendered style, kept between runs."""
    from glassine.targets import style

    file = home / f"{start}{name}.pt"
    if not file.exists():
        torch.save(torch.stack([style.rendered(one, name) for one in whole]).half(), file)
    return torch.load(file, weights_only=True).float()


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--steps", type=int, default=STEPS)
    asked.add_argument("--side", type=int, default=small.SIDE)
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked = asked.parse_args()
    made = small.Small(vocabulary(), *small.taesd(), side=asked.side)
    latents, captions, odds = learnt(asked.home, made)
    about = {**made.describe(), "pictures": len(captions), "batch": BATCH, "rate": RATE}
    told = curve_writer(RESULTS / f"base-{asked.side}.json", about)
    file = asked.home / f"base-{asked.side}.pt"
    made.train(
        latents,
        captions,
        asked.steps,
        seed=1,
        rate=RATE,
        batch=BATCH,
        odds=odds,
        file=file,
        told=told,
    )


def curve_writer(file, about):
    """Adds [step, loss, seconds] to the file as the training goes."""
    old = json.loads(file.read_text())["curve"] if file.exists() else []

    def told(step, loss, seconds):
        nonlocal old
        old = [row for row in old if row[0] < step] + [[step, round(loss, 5), round(seconds)]]
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(about | {"curve": old}) + "\n")
        print(step, f"{loss:.4f}", f"{seconds:.0f} s", flush=True)

    return told


if __name__ == "__main__":
    main()
