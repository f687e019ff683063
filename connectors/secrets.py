"""Credentials as they can be sent."""

from __future__ import annotations

from pydantic import SecretStr


def one_word(secret: SecretStr | None) -> SecretStr | None:
    """A secret without the line break at its end that ``echo SECRET > file`` leaves.

    Raises:
        ValueError: the rest could not be sent as a header.
    """
    if secret is None:
        return None
    text = secret.get_secret_value().strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("the secret is empty or not one word")
    return SecretStr(text)
