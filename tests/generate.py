"""The pages that are made, not written: ``python -m tests.generate`` writes each anew."""

from __future__ import annotations

from tests import matrix, playbook_pages, processes, traps

if __name__ == "__main__":
    matrix.PAGE.write_text(matrix.page(matrix.columns()), encoding="utf-8")
    traps.PAGE.write_text(traps.page(traps.systems(), traps.marked()), encoding="utf-8")
    processes.PAGE.write_text(processes.page(processes.rows()), encoding="utf-8")
    playbook_pages.PAGE.write_text(playbook_pages.page(), encoding="utf-8")
