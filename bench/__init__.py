"""What the main jobs cost: API calls first, then time, then memory. Run with ``make bench``."""
