"""What API references say of values, as JSON schemas: what a stand-in was sent and answered is held against them."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator


class Documented:
    """The named definitions of a file of schemas.

    Stopped clocks and counted ids make most exchanges of a suite the same: each is checked once.
    """

    def __init__(self, path: Path) -> None:
        self._definitions = json.loads(path.read_text(encoding="utf-8"))["$defs"]
        self._wrong = lru_cache(maxsize=20_000)(self._check)

    def against(self, name: str, value: Any) -> list[str]:
        """What a definition finds wrong with a value."""
        return list(self._wrong(name, json.dumps(value)))

    def _check(self, name: str, value: str) -> tuple[str, ...]:
        validator = Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": self._definitions})
        return tuple(f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(json.loads(value)))
