"""What the engine has to say: codes and fields, and a table of words per language.

Nothing else here: who says something makes a Message where it happens.
"""

from .message import Field, Message, message, with_inner
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
    "with_inner",
]
