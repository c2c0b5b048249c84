"""Whether a model was trained on an artist's work: asked three ways, each beside its control.

A file belongs here that asks a model something, or says what its answers are worth."""
