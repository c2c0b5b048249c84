"""The engine as a web service on the artists' own machine: pictures in over HTTP, copies out.

A file belongs here that is about requests, keys, limits or jobs. How a picture is protected is in
`flow`, and in the workers of `batch`."""
