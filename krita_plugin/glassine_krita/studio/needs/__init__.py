"""What a recipe needs beside the picture: an agreed campaign, which faces, a model of the artist's
own. Each keeps what the engine said of it, and tells when that changes."""
