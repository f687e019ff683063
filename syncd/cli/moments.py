"""Moments on the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from syncd.schema import Wrong, instant


class Moment(click.ParamType[datetime]):
    """A date or a time, as configs write it."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Aware, UTC."""
        try:
            return instant(value)
        except Wrong as wrong:
            self.fail(f"{wrong.what}. {wrong.cure}.", param, ctx)
