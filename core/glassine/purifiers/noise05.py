"""Noise, sigma 0.05."""

from .grain import noise

ENTRY = noise(0.05, "the Gaussian noising of Hönig et al. (2024)")
