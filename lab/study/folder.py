"""The study's small model as a folder that diffusers reads: python -m lab.study.folder NAME OUT

The research surrogate that ships is `base-128 --side 128 --half`, beside a model card that is
written by hand. --half: in float16, and readable for older libraries too.

NAME is a checkpoint under --home that base.py, denoisers.py or probed.py wrote (base-64,
denoiser-64, probed-0-300). With it `glassine protect --model` and `glassine probe` can be tried
without a model hub: it has the layout of a Stable Diffusion, half a million weights, 64 px and a
few dozen words. It is for research: what works against it protects against no other model.

Its table of words becomes a text encoder without layers. Such an encoder ends in a norm, which
would bring all words to one length. So each vector is joined with its negative and with constants
that are far larger, so that the norm divides all of them by nearly the same number. The network
ignores what was added.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny, DDPMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from glassine.machine import weights
from safetensors.torch import load_file, save_file
from torch import Tensor

from . import base, small

WIDE = 3 * small.WIDTH
LARGE = 1e3
NO_WORD = "[none]"
TOKENIZER = "PreTrainedTokenizerFast"
"""The tokenizer's class under the name that every version of transformers knows."""
TEXT = "text_model."
"""Start of the text encoder's names in every published model: transformers 4 wants it."""


def pipeline(made: small.Small, coder: AutoencoderTiny) -> StableDiffusionPipeline:
    """The same model, seeing through that autoencoder."""
    assert isinstance(made.words, small.Captions), "a model with words of its own"
    return StableDiffusionPipeline(
        vae=coder,
        text_encoder=text_encoder(made.words),
        tokenizer=tokenizer(made.words),
        unet=widened(made.unet),
        scheduler=DDPMScheduler(**settings(made.noise), steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def settings(made: Any) -> dict[str, Any]:  # noqa: ANN401
    """The arguments that it was made with, without diffusers' own notes."""
    told = {name: one for name, one in made.config.items() if not name.startswith("_")}
    return {name: one for name, one in told.items() if name != "steps_offset"}


def tokenizer(words: small.Captions) -> Any:  # noqa: ANN401 - transformers has no types
    """One token a word; words that the model does not know have none."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(WordLevel({NO_WORD: 0, **words.number}, unk_token=NO_WORD))
    made.pre_tokenizer = WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        unk_token=NO_WORD,
        pad_token=NO_WORD,
        model_max_length=small.WORDS,
    )


@torch.no_grad()
def text_encoder(words: small.Captions) -> Any:  # noqa: ANN401
    """(B, WORDS) -> (B, WORDS, WIDE), of which the first WIDTH are the model's own."""
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=len(words.number) + 1,
        hidden_size=WIDE,
        intermediate_size=1,
        num_hidden_layers=0,
        num_attention_heads=1,
        max_position_embeddings=small.WORDS,
        projection_dim=WIDE,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    made = CLIPTextModel(config).eval()
    far = torch.full((small.WORDS, small.WIDTH), LARGE)
    far[:, ::2] = -LARGE
    nothing = torch.zeros(len(words.number) + 1, small.WIDTH)
    norm = torch.zeros(WIDE)
    norm[: small.WIDTH] = LARGE / 3**0.5
    state = {
        "token_embedding.weight": beside_its_negative(words.table.weight, nothing),
        "position_embedding.weight": beside_its_negative(words.place, far),
        "final_layer_norm.weight": norm,
        "final_layer_norm.bias": torch.zeros(WIDE),
    }
    for name, weight in made.named_parameters():
        weight.copy_(next(one for end, one in state.items() if name.endswith(end)))
    return made


def beside_its_negative(own: Tensor, more: Tensor) -> Tensor:
    return torch.cat((own, -own, more), 1)


@torch.no_grad()
def widened(net: Any) -> UNet2DConditionModel:  # noqa: ANN401
    """The network for words of WIDE numbers, which ignores all but the first WIDTH."""
    made = UNet2DConditionModel(**settings(net) | {"cross_attention_dim": WIDE})
    state = {
        name: F.pad(one, (0, WIDE - small.WIDTH)) if small.hears(name) else one
        for name, one in net.state_dict().items()
    }
    made.load_state_dict(state)
    return made.eval()


def autoencoder() -> AutoencoderTiny:
    """TAESD, from the models folder."""
    found = AutoencoderTiny.from_pretrained(str(weights.folder_of("taesd")), local_files_only=True)
    made = AutoencoderTiny()  # its settings say nothing of the folder on this machine
    made.load_state_dict(found.state_dict())
    return made.float().eval()


def saved(made: small.Small, folder: Path, *, half: bool) -> None:
    """Writes the model there; `half`: as it ships."""
    pipeline(made, autoencoder()).save_pretrained(folder, safe_serialization=True)
    if half:
        halve(folder)


def halve(folder: Path) -> None:
    """The saved folder's weights in float16, and its names as older libraries know them."""
    for file in sorted(folder.rglob("*.safetensors")):
        start = TEXT if file.parent.name == "text_encoder" else ""
        state = {start + name.removeprefix(start): one for name, one in load_file(file).items()}
        save_file({name: one.half() for name, one in state.items()}, file, {"format": "pt"})
        file.chmod(0o644)
    change(folder / "model_index.json", tokenizer=["transformers", TOKENIZER])
    change(folder / "tokenizer" / "tokenizer_config.json", tokenizer_class=TOKENIZER)
    change(folder / "text_encoder" / "config.json", dtype="float16")


def change(file: Path, **more: object) -> None:
    """Changes what a JSON file says."""
    told = json.loads(file.read_text()) | more
    file.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")


def checkpoint(home: Path, name: str, side: int) -> small.Small:
    """The study's checkpoint of that name, with its mean weights."""
    made = small.Small(base.vocabulary(), small.taesd(home), side=side)
    kept = torch.load(home / f"{name}.pt", weights_only=True)
    made.load(kept["raw"])
    made.settle(kept["calm"])
    return made


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("name", help="of the checkpoint, without .pt")
    asked.add_argument("out", type=Path)
    asked.add_argument("--side", type=int, default=64)
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked.add_argument("--half", action="store_true", help="float16, as it ships")
    given = asked.parse_args()
    made = checkpoint(given.home, given.name, given.side)
    saved(made, given.out, half=given.half)
    size = sum(file.stat().st_size for file in given.out.rglob("*") if file.is_file())
    weights_in = sum(one.numel() for one in made.unet.parameters())
    print(f"{given.out}: {weights_in} weights, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
