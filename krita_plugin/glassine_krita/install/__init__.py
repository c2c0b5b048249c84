"""Installing the engine: its builds, the Pythons that may run it, the steps.
Nothing here is needed while an engine runs."""
