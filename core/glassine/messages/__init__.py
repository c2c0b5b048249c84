"""What the engine has to say: codes and fields, and a table of words per language.

Nothing else belongs here: code that has something to say makes a Message on the spot.
"""

from .message import Field, Message, message
from .plain import from_plain, to_plain, with_english
from .terminal import terminal_language
from .words import LANGUAGES, in_words, learn

__all__ = [
    "LANGUAGES",
    "Field",
    "Message",
    "from_plain",
    "in_words",
    "learn",
    "message",
    "terminal_language",
    "to_plain",
    "with_english",
]
