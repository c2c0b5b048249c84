"""Whether a model was trained on an artist's work: asked in three ways, each beside its control.

A file belongs here if it asks a model something, or says what the answers are worth."""
