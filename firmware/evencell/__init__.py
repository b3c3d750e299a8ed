"""evencell: the firmware beside a Jikong active balancer."""

__version__ = "0.1.0"
