"""Where the lab finds the project and what only its developers have."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
"""Real encoders (`models`) and paintings (`art`), which developers have beside their checkout."""
