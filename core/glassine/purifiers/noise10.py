"""Noise, sigma 0.1."""

from .grain import noise

ENTRY = noise(0.1, "first half of the noisy upscaling of Hönig et al. (2024)")
