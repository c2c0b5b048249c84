"""What the docker shows, without widgets: choices, orders, jobs, previews, settings.
One studio serves all windows; it raises nothing for a missing document or engine."""
