"""Networks that removals run."""
