"""The rule for a new password. Lazy."""

from evencell.compat import const

MIN_LENGTH = const(10)
MAX_LENGTH = const(128)
_MIN_DIFFERENT = 5  # characters
_MIN_STEPS = 5  # from a character to another that is not its neighbour, as 3 of 4
# In every list; a number before or behind makes them no better.
_COMMON = (
    "password passwort geheim secret admin administrator welcome willkommen letmein iloveyou qwertz qwertzuiop qwerty "
    "qwertyuiop asdfghjkl evencell balancer battery batterie scooter"
)


def fault_of(password) -> str | None:
    """Why this can't be a new password, as a sentence; None where it can."""
    if not isinstance(password, str) or not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        return "a password has %d to %d characters" % (MIN_LENGTH, MAX_LENGTH)
    steps = [i for i in range(1, len(password)) if abs(ord(password[i]) - ord(password[i - 1])) > 1]
    word = "".join([letter for letter in password.lower() if letter.isalpha()])
    if len(set(password)) < _MIN_DIFFERENT or len(steps) < _MIN_STEPS or word in _COMMON.split():
        return "this password is guessed easily: take a longer one, such as four words"
    return None
