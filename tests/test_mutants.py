from __future__ import annotations

import pytest

from tests.mutants import MUTANTS, ROOT, Mutant, notice


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_source_is_as_the_mutant_thinks(mutant: Mutant) -> None:
    assert (ROOT / "syncd" / mutant.file).read_text().count(mutant.old) == 1


@pytest.mark.torture
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_test_notices(mutant: Mutant) -> None:
    assert notice(mutant)
