"""The table of configuration keys as tests walk through it."""

from evencell.config.table import Rule, rules

RULES = {rule.key: rule for rule in rules()}


def table(prefix: str = "") -> dict:
    """Nested as the configuration is: a Rule for each value, a dict for each object."""
    nested: dict = {}
    for rule in rules(prefix):
        key, dot, _ = rule.key[len(prefix) :].partition(".")
        if key not in nested and "[" not in key:
            nested[key] = table(f"{prefix}{key}.") if dot else rule
    return nested


def item_table(rule: Rule) -> dict:
    """The same of each item of a list."""
    return table(f"{rule.key}[].")
