"""The engine as something to install: its builds, the Pythons that may run it, the steps.
Nothing here is needed while an engine runs."""
