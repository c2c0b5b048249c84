"""The engine, seen from here: its process, the frames to and from it, what it is asked and offers.
Nothing here knows of Krita's documents."""
