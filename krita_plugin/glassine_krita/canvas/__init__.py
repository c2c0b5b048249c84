"""What the artist has open: its layers and pixels read, results and previews written.
Everything that speaks with libkis; nothing here knows of the engine or of the docker."""
