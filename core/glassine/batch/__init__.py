"""A folder of pictures in, a folder of protected copies out; stopped and resumed at will.

A file belongs here that is about many pictures at once; each goes the way of `flow` by itself."""
