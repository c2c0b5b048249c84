"""The commands, one file each, with a click command called `command`.

A file belongs here when its name stands in the table COMMANDS of the package above."""
