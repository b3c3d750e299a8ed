"""Balancing on the owner's terms: trend, policy, rules, advice, pin W."""
