"""Whether a look-up by face still finds a person: galleries, probes, and every network at hand.

A file belongs here that measures that, with its controls and with its doubts first."""

from .compare import compared
from .decoys import Fog, face_to_reach, fogged, stood_in
from .found import Line, Lookup
from .people import People, Shown, people_in
from .rates import Rate, Rates

__all__ = [
    "Fog",
    "Line",
    "Lookup",
    "People",
    "Rate",
    "Rates",
    "Shown",
    "compared",
    "face_to_reach",
    "fogged",
    "people_in",
    "stood_in",
]
