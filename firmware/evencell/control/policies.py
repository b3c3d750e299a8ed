"""The state of a pack's balance policy, and what is said where there is none; without loading the policy. Lazy."""

NO_POLICY = "no policy is set: the balancer decides by its own settings"


def state_of(control, pack_name: str):
    """The state (state.py) of this pack's policy, or None. `control`: part.py, or None."""
    for state in control.states if control else ():
        if state.pack.name == pack_name:
            return state
    return None
