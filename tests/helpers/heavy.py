"""Modules that cost a process seconds to load and that no plain way through the engine calls."""

HEAVY = {
    "torch._dynamo",
    "torch._inductor",
    "sympy",
    "scipy",
    "skimage",
    "matplotlib",
    "pandas",
    "transformers",
    "diffusers",
}
