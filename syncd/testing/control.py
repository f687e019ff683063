"""What a stand-in does besides its system's API: people act, faults are laid, the log is told; all over HTTP.

* ``POST /_sandbox/act`` ``{"do": "<verb>", "with": {...}}`` acts as a person: a verb is a method of ``people``;
* ``POST /_sandbox/faults`` ``{"kind": ..., ...}`` makes the next matching calls go wrong: a :class:`Fault`, with
  ``status``, ``body`` and ``headers`` of its reply;
* ``GET /_sandbox/log`` tells what was asked and answered.

People type these calls by hand. So whatever is asked wrongly is answered with status 400 and one line that says what
is wrong and what would be right.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError, validate_call

from syncd.testing.exchange import Fault, Reply, Request

if TYPE_CHECKING:
    from syncd.testing.sandbox import Sandbox

PREFIX = "/_sandbox/"
ACT, FAULTS, LOG = f"{PREFIX}act", f"{PREFIX}faults", f"{PREFIX}log"
EXAMPLES = {ACT: '{"do": "VERB", "with": {"NAME": "VALUE"}}', FAULTS: '{"kind": "lost_answer", "method": "POST"}'}
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


class Wrong(Exception):
    """A call that can't be carried out; its text says why."""


def control(sandbox: Sandbox, request: Request) -> Reply:
    """Answer a call to one of the addresses above."""
    try:
        return Reply(200, CALLS.get(f"{request.method} {request.path}", _unknown)(sandbox, request))
    except Wrong as wrong:
        return Reply(400, f"{wrong}\n".encode(errors="backslashreplace"), PLAIN)


def verbs(sandbox: Sandbox) -> dict[str, Callable[..., Any]]:
    """What people can do, by name; without what only tells of the books."""
    return {name: method for name, method in _methods(sandbox).items() if name not in sandbox.facts}


def takes(verb: Callable[..., Any]) -> str:
    """A verb's parameters for people: of what type each is, or what holds where it is left out."""
    every = inspect.signature(verb).parameters.values()
    named = [one for one in every if one.kind not in {one.VAR_POSITIONAL, one.VAR_KEYWORD}]
    told = (f": {one.annotation}" if one.default is one.empty else f" = {_json(one.default)}" for one in named)
    open_ended = ["and any other field of the record"] if any(one.kind is one.VAR_KEYWORD for one in every) else []
    return ", ".join([*(f"{one.name}{how}" for one, how in zip(named, told, strict=True)), *open_ended]) or "nothing"


def _methods(sandbox: Sandbox) -> dict[str, Callable[..., Any]]:
    found = inspect.getmembers(sandbox.people, inspect.ismethod)
    return {name: method for name, method in found if not name.startswith("_")}


def _unknown(_sandbox: Sandbox, request: Request) -> Any:
    raise Wrong(f"{request.method} {request.path} is nothing to ask a stand-in; there are: {', '.join(CALLS)}")


def _log(sandbox: Sandbox, _request: Request) -> Any:
    return [{"method": e.request.method, "path": e.request.path, "status": e.status} for e in sandbox.log]


def _act(sandbox: Sandbox, request: Request) -> Any:
    asked = _object(request)
    name, given = asked.get("do"), asked.get("with", {})
    verb = _methods(sandbox).get(name) if isinstance(name, str) else None
    if verb is None:
        what = f"there is no verb {_json(name)}" if "do" in asked else f"write {EXAMPLES[ACT]}"
        raise Wrong(f"{what}; people can: {', '.join(verbs(sandbox))}")
    if not isinstance(given, dict) or asked.keys() - {"do", "with"}:
        raise Wrong(f"write {EXAMPLES[ACT]}; {name} takes: {takes(verb)}")
    return json.loads(_json({"result": _called(str(name), verb, given)}))


def _fault(sandbox: Sandbox, request: Request) -> Any:
    sandbox.faults.append(_called("a fault", _made, _object(request)))
    return {}


def _made(
    kind: Literal["answer", "commit_then_answer", "lost_answer", "cut", "hang", "late", "truncate", "drip"],
    *,
    method: str = "",
    path: str = "",
    times: int = 1,
    skip: int = 0,
    seconds: Annotated[float, Field(ge=0, le=3600)] = 1.0,
    status: Annotated[int, Field(ge=100, le=599)] = 502,
    body: Any = "",
    headers: Mapping[str, str] | None = None,
) -> Fault:
    """A fault as people ask for it; ``status``, ``body`` and ``headers`` are those of the wrong answer."""
    try:
        re.compile(path)
    except re.error as error:
        raise ValueError(f"path is no regular expression: {error}") from None
    raw = body.encode() if isinstance(body, str) else body
    return Fault(kind, method, path, times, skip, Reply(status, raw, dict(headers or {})), seconds)


CALLS: Mapping[str, Callable[[Sandbox, Request], Any]] = {
    f"POST {ACT}": _act,
    f"POST {FAULTS}": _fault,
    f"GET {LOG}": _log,
}


def _object(request: Request) -> dict[str, Any]:
    example = EXAMPLES[request.path]
    try:
        asked = request.json()
    except (ValueError, RecursionError):
        raise Wrong(f"the body is not JSON; write for instance {example}") from None
    if not isinstance(asked, dict):
        raise Wrong(f"the body is no JSON object; write for instance {example}")
    return asked


def _called(name: str, do: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Call it with parameters that came over the wire, checked against its signature."""
    try:
        return validate_call(do)(**given)
    except ValidationError as error:
        what = "; ".join(_wrong(one["loc"], one["type"], one["msg"]) for one in error.errors(include_url=False))
    except Exception as error:  # noqa: BLE001  # nobody else would say so: whoever typed it has to be told
        what = " ".join(str(error.args[0] if error.args else type(error).__name__).split())
    raise Wrong(f"{name}: {what}. It takes: {takes(do)}")


def _wrong(where: tuple[int | str, ...], kind: str, said: str) -> str:
    told = {"missing_argument": "is missing", "unexpected_keyword_argument": "is not known"}
    place = ".".join(str(one) for one in where)
    return f"{place} {told.get(kind, said.replace('Input should', 'should', 1))}"


def _json(value: Any) -> str:
    return json.dumps(value, default=str)
