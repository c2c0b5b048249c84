"""What the plugin says itself, in three languages, and words for what the engine says; what a bug
report leaves out. Text only: no documents, no widgets."""
