"""The engine as a web service on the artists' own machine: pictures in over HTTP, copies out.

A file belongs here that is about requests, keys, limits or jobs; how a picture is protected is
the affair of `flow`, and of the workers of `batch`."""
