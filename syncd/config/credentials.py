"""Where secrets come from. A config names them and never holds them.

``env:NAME`` is an environment variable; ``file:PATH`` a file, relative to the config folder; ``credential:NAME`` a file
in the folder that systemd gives in ``$CREDENTIALS_DIRECTORY`` (systemd.exec, LoadCredential), else in ``credentials/``
of the config folder. systemd calls it ``NAME`` where a unit passes it on alone, and ``syncd_NAME`` where a unit passes
on a whole folder as ``syncd``, as syncd.service does with that ``credentials/``. No message of this module repeats what
it read, or what stands where a reference should.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from syncd.errors import Problem
from syncd.schema import Wrong

MAX_BYTES = 64 * 1024
"""No key or token is larger; a bigger file is a mistake."""

LONG_ENOUGH = 6
"""Shorter than this, masking would tear ordinary words apart."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")
_OTHERS = stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
"""A group may read: a service's own group is how many keep such files."""


class SecretReader:
    """Reads secrets for one config folder; called with a reference, gives the secret.

    Args:
        folder: the config folder.
        environ: the environment to look in.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder, self._environ = folder, environ
        self._seen: set[str] = set()
        self.exposed: list[Path] = []
        """Files that others on this machine can read or change. They are told, loudly, and used all the same: a sync
        that stops at night because of a file's mode would cost more than it protects."""

    def __call__(self, reference: str) -> SecretStr:
        """The secret behind a reference, without the line end that editors and ``echo`` add.

        Raises:
            ValueError: a literal, or a secret that is missing, empty, or can be read by others.
        """
        scheme, _, rest = reference.partition(":")
        readers = {"env": self._variable, "file": self._file, "credential": self._credential}
        if scheme in readers and rest:
            secret = sound(readers[scheme](rest))
            self._seen.add(secret.get_secret_value())
            return secret
        self._seen.add(reference)
        raise Wrong(
            "this is no reference to a secret, and a secret itself does not belong in a config file",
            "Write it as env:NAME, file:PATH or credential:NAME",
        )

    def has_credential(self, name: str) -> bool:
        """Whether ``credential:NAME`` would find a file."""
        return self._given(name) is not None or os.path.lexists(self._folder / "credentials" / name)

    def masked(self, text: str) -> str:
        """Text with every secret that was read, or refused as a literal, made unreadable.

        For what other people's validators say: nobody can promise that they don't repeat what they were given.
        """
        for secret in sorted(self._seen, key=len, reverse=True):
            text = text.replace(secret, "***") if len(secret) >= LONG_ENOUGH else text
        return text

    def _file(self, path: str) -> str:
        return self._read(self._folder / path)

    def _variable(self, name: str) -> str:
        value = self._environ.get(name)
        if value is None:  # the name isn't repeated: people paste the secret itself here
            raise Wrong("the environment variable that it names is not set", "Set it where syncd is started")
        return value

    def _credential(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise Wrong("this is no name of a credential", "Use letters, digits, _, -, . and @")
        given = self._given(name)
        if given is not None:
            return self._read(given, private=True)
        path = self._folder / "credentials" / name
        if "CREDENTIALS_DIRECTORY" in self._environ and not os.access(path, os.R_OK):
            cure = f"Put it into {path}, which root alone need be able to read, then restart the service"
            raise Wrong(f"systemd did not hand over a credential {name} when it started this service", cure)
        return self._read(path)

    def _given(self, name: str) -> Path | None:
        """Where systemd has put a credential, if it has."""
        folder = self._environ.get("CREDENTIALS_DIRECTORY")
        places = [Path(folder) / name, Path(folder) / f"syncd_{name}"] if folder else []
        return next((place for place in places if os.path.lexists(place)), None)

    def _read(self, path: Path, *, private: bool = False) -> str:
        """The text of a secret's file; ``private`` if whoever made the folder keeps others out of it."""
        text, exposed = _read(path)
        if exposed and not private:
            self.exposed.append(path)
        return text

    def warnings(self) -> list[Problem]:
        """What is wrong with the files' modes."""
        what = "this secret can be read or changed by others on this machine"
        return [Problem(str(path), what, f"Run: chmod 600 {path}") for path in dict.fromkeys(self.exposed)]


def _read(path: Path) -> tuple[str, bool]:
    """The text of a secret's file, and whether others can get at it."""
    try:
        # Not blocking: a pipe in this place must not hold up the start.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Wrong(f"{path} does not exist", f"Put the secret there, then run: chmod 600 {path}") from None
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else "not a path"
        raise Wrong(
            f"{path} can't be read ({what})", "Let the account that runs syncd read it, and nobody else"
        ) from None
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise Wrong(f"{path} is no file", "Name a file that holds the secret and nothing else")
        data = os.read(handle, MAX_BYTES + 1)
    finally:
        os.close(handle)
    if len(data) > MAX_BYTES:
        raise Wrong(f"{path} is too large to be a secret", "Name a file that holds the secret and nothing else")
    try:
        return data.decode("utf-8"), bool(mode & _OTHERS)
    except UnicodeDecodeError:
        raise Wrong(f"{path} is no text", "Store the secret as text, UTF-8") from None


def sound(text: str) -> SecretStr:
    """The secret, if it is one: neither empty nor with blanks or lines that a header would choke on."""
    value = text.rstrip("\r\n")
    if not value.strip():
        raise Wrong("the secret is empty", "Store the secret itself there")
    if value != value.strip():
        raise Wrong("the secret begins or ends with a blank", "Store it without blanks around it")
    if not value.startswith("-----BEGIN ") and not value.isprintable():
        raise Wrong("the secret has several lines or control characters", "Store one secret and nothing else there")
    return SecretStr(value)
