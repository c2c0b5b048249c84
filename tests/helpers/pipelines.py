"""Tiny model folders of every architecture, with random weights, as diffusers saves them."""

import json

import pytest
import torch

STATES = dict(
    hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=64
)
BYTES = [chr(code) for code in range(ord("a"), ord("z") + 1)]


def clip_tokenizer():
    from transformers import CLIPTokenizer

    pieces = ["<|startoftext|>", "<|endoftext|>", *BYTES, *(f"{one}</w>" for one in BYTES)]
    vocabulary = {piece: at for at, piece in enumerate(pieces)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=8)


def clip_text(projected=False):
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        **STATES, max_position_embeddings=8, projection_dim=16, bos_token_id=0, eos_token_id=1
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def t5(width=16):
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0)]
    pieces += [(one, -2.0) for one in BYTES]
    words = T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=8)
    config = T5Config(d_model=width, d_kv=8, d_ff=16, num_layers=1, num_heads=2, vocab_size=64)
    return words, T5EncoderModel(config)


def autoencoder(channels, shift=None):
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(4, 4, 8, 8),
        layers_per_block=1,
        norm_num_groups=2,
        latent_channels=channels,
        mid_block_add_attention=False,
        shift_factor=shift,
        scaling_factor=3.0,  # a random encoder gives little, and noise would drown it
    )


def unet(width, **more):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        cross_attention_dim=width,
        attention_head_dim=4,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **more,
    )


def made_sd(predicts="epsilon"):
    from diffusers import DDIMScheduler, StableDiffusionPipeline

    return StableDiffusionPipeline(
        vae=autoencoder(4),
        text_encoder=clip_text(),
        tokenizer=clip_tokenizer(),
        unet=unet(16),
        scheduler=DDIMScheduler(
            beta_schedule="scaled_linear",
            prediction_type=predicts,
            steps_offset=1,
            clip_sample=False,
        ),
        safety_checker=None,
        feature_extractor=None,
    )


def made_sdxl():
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    return StableDiffusionXLPipeline(
        vae=autoencoder(4),
        text_encoder=clip_text(),
        text_encoder_2=clip_text(projected=True),
        tokenizer=clip_tokenizer(),
        tokenizer_2=clip_tokenizer(),
        unet=unet(
            32,
            addition_embed_type="text_time",
            addition_time_embed_dim=4,
            projection_class_embeddings_input_dim=16 + 6 * 4,
        ),
        scheduler=EulerDiscreteScheduler(steps_offset=1),
    )


def made_sd3():
    from diffusers import (
        FlowMatchEulerDiscreteScheduler,
        SD3Transformer2DModel,
        StableDiffusion3Pipeline,
    )

    words, encoder = t5(32)
    return StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=16,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=2,
            joint_attention_dim=32,
            caption_projection_dim=16,
            pooled_projection_dim=32,
            out_channels=16,
            pos_embed_max_size=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(16, shift=0.06),
        text_encoder=clip_text(projected=True),
        tokenizer=clip_tokenizer(),
        text_encoder_2=clip_text(projected=True),
        tokenizer_2=clip_tokenizer(),
        text_encoder_3=encoder,
        tokenizer_3=words,
    )


def made_flux1():
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

    words, encoder = t5()
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(16, shift=0.1),
        text_encoder=clip_text(),
        tokenizer=clip_tokenizer(),
        text_encoder_2=encoder,
        tokenizer_2=words,
        transformer=FluxTransformer2DModel(
            patch_size=1,
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=8,
            num_attention_heads=2,
            joint_attention_dim=16,
            pooled_projection_dim=16,
            guidance_embeds=True,
            axes_dims_rope=(2, 2, 4),
        ),
    )


MAKERS = {"sd": made_sd, "sdxl": made_sdxl, "sd3": made_sd3, "flux1": made_flux1}


class Folders(dict):
    """Kind -> the folder of a tiny model, made when it is first asked for; "v": a Stable Diffusion
    that says v."""

    def __init__(self, home):
        super().__init__()
        self.home = home

    def __missing__(self, name):
        kind, more = ("sd", {"predicts": "v_prediction"}) if name == "v" else (name, {})
        self[name] = saved(self.home / name, kind, **more)
        return self[name]


_MADE = []


@pytest.fixture(scope="session")
def models_at(tmp_path_factory):
    """What no test may write to. One for all test files of a process, though each of them imports
    this fixture."""
    pytest.importorskip("diffusers")
    if not _MADE:
        _MADE.append(Folders(tmp_path_factory.mktemp("models")))
    return _MADE[0]


def saved(folder, kind, **more):
    """The folder, with such a pipeline in it."""
    torch.manual_seed(5)
    MAKERS[kind](**more).save_pretrained(folder, safe_serialization=True)
    return folder


def index_says(folder, **more):
    """Changes what its index says."""
    file = folder / "model_index.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | more))
