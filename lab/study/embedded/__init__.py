"""How the surrogate that ships was found: thinning, refitting and healing five encoders.

A file here is one step of that, or its yardstick; scripts/train_embedded.py is made of them.
"""
