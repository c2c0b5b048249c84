"""Networks that removals run.

A file belongs here that builds one from its weights and knows nothing of pictures or names."""
