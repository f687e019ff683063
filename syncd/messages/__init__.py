"""Messages: what syncd says to customers and agents, and how what others said is quoted to them."""
