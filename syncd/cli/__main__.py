"""``python -m syncd.cli``: the program, where the console script isn't on the path."""

from syncd.cli import main

main()
