"""Did you mean …?"""


def nearest(word: str, words) -> str | None:
    """The one of `words` that `word` was probably meant to be, or None if none is near."""
    best = None
    fewest = 2 if len(word) < 4 else 3 + len(word) // 8
    for candidate in words:
        edits = distance(word.lower(), candidate.lower())
        if min(len(word), len(candidate)) > 3 and (word.startswith(candidate) or candidate.startswith(word)):
            edits = min(edits, 2)
        if edits < fewest:
            best, fewest = candidate, edits
    return best


def distance(a: str, b: str) -> int:
    """How many letters to insert, leave out or change to get from `a` to `b` (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a):
        diagonal, row[0] = row[0], i + 1
        for j, other in enumerate(b):
            diagonal, row[j + 1] = row[j + 1], min(diagonal + (letter != other), row[j] + 1, row[j + 1] + 1)
    return row[len(b)]
