"""The engine as Krita talks to it: frames on stdin and stdout, one session, its methods.

A file belongs here that turns a request into a call of `flow` or its outcome into an answer."""
