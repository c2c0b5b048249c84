"""The sentences that are the same in every report. Nothing here promises safety."""

from __future__ import annotations

from ..surrogates import SURROGATES
from ..types import Plan

LIMITS = (
    "Removers published from 2024 to 2026 (LightShed, BridgePure, noisy upscaling) can take "
    "changes like this out of a picture. It raises the cost of training on it; it does not "
    "prevent it.",
    "It cannot be upgraded after posting: who has this file keeps this file.",
    "Copies that were online before stay unprotected.",
    "It does not stop a model from describing the picture, nor a prompt that names your style, "
    "nor a company that cleans its data.",
    "Latent distance is a proxy. How much of it survives into a trained model was measured only "
    "in this project's own small study: at the default strength nothing was learnt wrong from "
    "poison; a cloak moved the learnt style further than a plain blend at 128 pixels, hardly "
    "further at 64, and a common remover undid most of it.",
    "What a mask, transparency or a crop leaves out is not protected.",
)

THREATS = {
    "cloak": "Works against fine-tuning (LoRA, DreamBooth) on a body of your pictures by someone "
    "whose model sees them through an encoder like those below: it should learn a style that is "
    "not yours.",
    "poison": "Works against unlicensed training on scraped picture-and-caption pairs, as one of "
    "many pictures with the same caption and the same target: the model should mix the two "
    "concepts up. One picture alone changes nothing, and it does not hide your style.",
    "both": "Aims at fine-tuning on your style and at scraped picture-and-caption pairs at once; "
    "each gets about half of the visible budget.",
}
OTHER = "Moves what the encoders below make of the picture towards the target."


def threat(plan: Plan) -> str:
    """One sentence per recipe, then which families were aimed at and which only measured."""
    aimed = covered_families(plan.surrogates) or "none"
    sentence = f"{THREATS.get(plan.recipe.name, OTHER)} Optimised against: {aimed}."
    if plan.held_out:
        sentence += f" Only measured, never optimised against: {covered_families(plan.held_out)}."
    return sentence


def covered_families(names: tuple[str, ...]) -> str:
    return ", ".join(SURROGATES[n].covers if n in SURROGATES else n for n in names)
