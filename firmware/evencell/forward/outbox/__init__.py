"""Store-and-forward: readings are kept until each sink has them."""
