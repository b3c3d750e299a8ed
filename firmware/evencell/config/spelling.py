"""Spelling suggestions: the known word that is closest to a misspelt one."""

from evencell.compat import const

_MAX_LONGER = const(4)  # letters that a shown word may have more than the one that was meant
_MAX_LETTERS = const(40)  # a longer word is not of the table, and takes long to compare


def nearest(word: str, words) -> str | None:
    """The one of `words` that `word` was probably meant to be, or None if none is near."""
    best = None
    if len(word) > _MAX_LETTERS:
        return None
    fewest = 2 if len(word) < 4 else 3 + len(word) // 8
    for candidate in words:
        edits = distance(word.lower(), candidate.lower(), fewest)
        if min(len(word), len(candidate)) > 3 and (word.startswith(candidate) or candidate.startswith(word)):
            edits = min(edits, 2)
        if edits < fewest:
            best, fewest = candidate, edits
    return best


def distance(a: str, b: str, enough: int = _MAX_LETTERS) -> int:
    """How many letters to insert, leave out or change to get from `a` to `b` (Levenshtein); `enough` if it is more."""
    if abs(len(a) - len(b)) >= enough:
        return enough
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a):
        if min(row) >= enough:
            return enough
        diagonal, row[0] = row[0], i + 1
        for j, other in enumerate(b):
            diagonal, row[j + 1] = row[j + 1], min(diagonal + (letter != other), row[j] + 1, row[j + 1] + 1)
    return row[len(b)]


def shown(word: str, meant: str | None) -> str:
    """`word` where it is like `meant`, else its first letter: it may be a password in a wrong place."""
    if meant and is_name(word) and len(word) <= len(meant) + _MAX_LONGER:
        return word
    return (word[:1] if is_name(word) else "") + "…"


def is_name(word: str) -> bool:
    """Whether it consists of letters and underscores alone, as keys do and good passwords don't."""
    return all(letter == "_" or "a" <= letter <= "z" or "A" <= letter <= "Z" for letter in word)
