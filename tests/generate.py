"""The pages that are made, not written: ``python -m tests.generate`` writes each anew."""

from __future__ import annotations

from tests import traps

if __name__ == "__main__":
    traps.PAGE.write_text(traps.page(traps.systems(), traps.marked()), encoding="utf-8")
