"""The remedy for each verdict, in one sentence (docs/line.md)."""

# In the order of diagnosis.VERDICTS; empty for `ok`.
REMEDIES = (
    "",
    "The balancer takes long to answer: raise timeout_ms if readings are missing.",
    "Nothing comes back: measure the balancer's supply and W. Fuse out, then check A and B at both ends.",
    "Only our own request comes back: the balancer isn't connected, or the transceiver isn't RS485.",
    "Fuse out, then exchange A and B at the transceiver: they are swapped.",
    "Answers arrive damaged. Fuse out, then shorten the cable, keep it away from motor leads, check the ground.",
    "What comes is no noise, but unreadable: both sides must be set to 9600 baud.",
    "Another protocol: %s. Fuse out, then connect to the balancer's RS485 (P1, pins 1 and 2), on its own line.",
    "Whole frames of a protocol that evencell does not know. Fuse out, then give the balancer a line of its own.",
    "Answers come whole, but with wrong checksums. Fuse out, then check the ground, the cable's length and its ends.",
    "Answers contradict each other. Fuse out, then shorten the cable, keep it away from motor leads.",
    "A balancer with another address answers: set address in the configuration (evencell diagnose finds it).",
    "Check that model names this balancer, and the range of the setting in its manual: it kept the old value.",
    "Some requests get no answer. Fuse out, then check plugs and crimps from end to end, the supply and the cable.",
)
