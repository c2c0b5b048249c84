"""Trains the study's small model and its judges once: python scripts/study/base.py [--steps N]

Writes checkpoints under --home and the curve into results/base.json. Start it again and it goes on.
"""

import argparse
import json
from pathlib import Path

import judge
import pictures
import small
import torch

RESULTS = Path(__file__).parent / "results"
STEPS, RATE = 2000, 1e-3


def vocabulary():
    words = {w for one in pictures.concepts() for w in one.caption.split()}
    words |= {w for one in pictures.portraits() for w in one.caption.split()}
    return sorted(words | {"victim"})


def prepared(home, name, found, side=small.SIDE):
    """Pictures of a list as one tensor, kept between runs."""
    file = home / (f"{name}.pt" if side == small.SIDE else f"{name}-{side}.pt")
    if file.exists():
        return torch.load(file, weights_only=True).float()
    whole = torch.stack([pictures.opened(one.path, side) for one in found])
    home.mkdir(parents=True, exist_ok=True)
    torch.save(whole.half(), file)
    return whole


def kept(home, name, model, whole):
    """Their latents, kept between runs."""
    file = home / f"{name}-latents.pt"
    if not file.exists():
        torch.save(model.latents(whole), file)
    return torch.load(file, weights_only=True)


def parts():
    """(first, later) of concepts and portraits: what is learnt now, what the experiments add."""
    return pictures.split(pictures.concepts()), pictures.split(pictures.portraits())


def model(home):
    """The trained small model; raises where `base.py` has not been run."""
    made = small.Small(vocabulary(), *small.taesd())
    made.load(torch.load(home / "base.pt", weights_only=True)["model"])
    return made


def classifier(home, name, found, coder, *, held):
    """A judge for those labels, its accuracy on `held`, kept between runs."""
    file = home / f"judge-{name}.pt"
    whole, labels = prepared(home, f"{name}-first", found), [one.label for one in found]
    if file.exists():
        made = judge.Classifier(list(dict.fromkeys(labels)))
        made.load_state_dict(torch.load(file, weights_only=True))
        made.eval()
    else:
        through = lambda x: coder.decode(coder.encode(x)).clamp(0, 1)  # noqa: E731
        seen = torch.cat([through(part) for part in whole.split(16)])
        made = judge.trained(whole, labels, through=lambda _: seen)
        torch.save(made.state_dict(), file)
    others = prepared(home, f"{name}-later", held)
    return made, judge.accuracy(made, others, [one.label for one in held])


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--steps", type=int, default=STEPS)
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked = asked.parse_args()
    (first, later), (portraits, _) = parts()
    model = small.Small(vocabulary(), *small.taesd())
    whole = prepared(asked.home, "concepts-first", first)
    faces = prepared(asked.home, "portraits-first", portraits)
    known = [one.label != pictures.VICTIM for one in portraits]
    latents = torch.cat(
        (
            kept(asked.home, "concepts-first", model, whole),
            kept(asked.home, "portraits-first", model, faces)[known],
        )
    )
    captions = [one.caption for one in first]
    captions += [one.caption for one, yes in zip(portraits, known, strict=True) if yes]
    _, right = classifier(asked.home, "concepts", first, model, held=later)
    print(f"judge: {right:.3f} of {len(later)} unseen pictures called right", flush=True)
    curve = {"model": model.describe(), "pictures": len(captions), "judge_accuracy": right}
    told = curve_writer(RESULTS / "base.json", curve)
    model.train(
        latents, captions, asked.steps, seed=1, rate=RATE, file=asked.home / "base.pt", told=told
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
    torch.set_num_threads(1)
    main()
