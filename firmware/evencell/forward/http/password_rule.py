"""The rule for a new password. Lazy."""

from evencell.compat import const

MIN_LENGTH = const(10)
MAX_LENGTH = const(128)
_MIN_DIFFERENT = 5  # characters
_MIN_STEPS = 5  # from a character to another that is not its neighbour, as 3 of 4
_MIN_LETTERS = 5  # beside words of every list, and names: a number before or behind makes them no better
_MIN_NAME = 3  # letters and digits: a shorter one is in any password
_MIN_WORD = 4  # of a name of several words
# In every list. A word that contains another one comes first.
_COMMON = (
    "password passwort geheim secret administrator admin welcome willkommen letmein iloveyou qwertzuiop qwertz "
    "qwertyuiop qwerty asdfghjkl evencell balancer battery batterie scooter"
)
_EASY = "this password is guessed easily: take a longer one, such as four words"
_NAME = "this password is made of a name that anyone near can read: take another one, such as four words"


def fault_for(context, password, min_length: int = MIN_LENGTH) -> str | None:
    """The same by the names of this device: its own, that of its access point, those of its networks."""
    networks = context.config["wifi"]["networks"] if "wifi" in context.config else ()
    known = [network["ssid"] for network in networks]
    return fault_of(password, known + [context.config["name"], context.hostname], min_length)


def fault_of(password, known=(), min_length: int = MIN_LENGTH) -> str | None:
    """Why this can't be a new password, as a sentence; None where it can. `known`: what anyone near can read."""
    if not isinstance(password, str) or not min_length <= len(password) <= MAX_LENGTH:
        return "a password has %d to %d characters" % (min_length, MAX_LENGTH)
    steps = [i for i in range(1, len(password)) if abs(ord(password[i]) - ord(password[i - 1])) > 1]
    if len(set(password)) < _MIN_DIFFERENT or len(steps) < _MIN_STEPS:
        return _EASY
    text = _joined(password)
    if _is_made_of(_COMMON.split(), text):
        return _EASY
    names = []
    for name in known:
        name = name if isinstance(name, str) else ""
        names += [word for word in [_joined(name)] if len(word) >= _MIN_NAME]
        names += [word for word in _spaced(name).split() if len(word) >= _MIN_WORD]
    return _NAME if _is_made_of(names + _COMMON.split(), text) else None


def _is_made_of(words: list, text: str) -> bool:
    """Whether the text has one of these words, and few letters beside them."""
    rest = text
    for word in words:
        rest = rest.replace(word, "")
    return rest != text and len([letter for letter in rest if not letter.isdigit()]) < _MIN_LETTERS


def _spaced(text: str) -> str:
    """Its letters and digits in lower case, with spaces for all else."""
    return "".join(
        [letter if letter.isalpha() or letter.isdigit() or letter > "\x7f" else " " for letter in text.lower()]
    )


def _joined(text: str) -> str:
    return _spaced(text).replace(" ", "")
