"""`python -m glassine.cli` is the command `glassine`."""

from . import main

main()
