"""Networks that removals run.

A file belongs here if it builds a network from weights and knows nothing of files or purifiers."""
