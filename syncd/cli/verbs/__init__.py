"""The verbs: a module each, with its click ``command``; what they share stands beside this room."""
