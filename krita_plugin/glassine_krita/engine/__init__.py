"""The engine as a partner: its process, the frames between us, what is asked, what it offers.
Nothing here knows of Krita's documents."""
