"""The RS485 side: asks the balancer and hears its answers."""
