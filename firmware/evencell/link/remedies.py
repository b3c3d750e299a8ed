"""What to do about each verdict, in one sentence (docs/line.md): in memory only while one is looked up."""

# In the order of diagnosis.VERDICTS; empty where nothing is wrong.
REMEDIES = (
    "",
    "The balancer takes long to answer: raise timeout_ms if readings are missing.",
    "Nothing comes back: check the balancer's supply and W, then the wires A and B at both ends.",
    "Only our own request comes back: the balancer isn't connected, or the transceiver isn't RS485.",
    "A and B are swapped: exchange the two wires.",
    "Answers arrive damaged: shorten the cable, keep it away from motor leads, check the ground.",
    "What comes is no noise, but unreadable: both sides must be set to 9600 baud.",
    "This is a JK BMS, not a balancer: evencell doesn't speak its protocol.",
    "Somebody speaks Modbus on this line: give the balancer a line of its own.",
    "These are frames of JK's Bluetooth protocol: connect to the balancer's RS485, pins 1 and 2 of P1.",
    "Answers come whole, but with wrong checksums: check the ground, the cable's length and its ends.",
    "Answers contradict each other: shorten the cable, keep it away from motor leads.",
    "A balancer with another address answers: set address in the configuration (evencell diagnose finds it).",
    "Check that model names this balancer, and the range of the setting in its manual: it kept the old value.",
)
