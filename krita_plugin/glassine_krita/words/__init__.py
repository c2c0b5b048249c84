"""What the plugin says itself, in three languages, and words for what the engine says; what is left
out of a report. Text only: no documents, no widgets."""
