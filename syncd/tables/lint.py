"""What must not be said to customers: where a text may go out without an agent having read it. Pure.

No date and no promise of one, no word of asking engineering, nothing that only the team may see. It is held against a
playbook's texts when they are loaded, in every language, and against what people add to them when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from syncd.tables import OCCASIONS, OPTIONAL, Replies
from syncd.texts import said_in, shown_in

OPEN = frozenset({"requester", "update", "ticket_key", "ticket_word", "issue_word", "count"})
"""The variables that a customer may see; where an issue is, and who closed it why, is the team's business."""

_MONTHS = (
    "january|february|march|april|june|july|august|september|october|november|december|"
    "jan|feb|apr|jun|jul|aug|sept?|oct|nov|dec|januar|februar|märz|mai|juni|juli|oktober|dezember|"
    "janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|"
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|"
    "janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro"
)
_DAYS = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|"
    "sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo|"
    "segunda-feira|terça-feira|quarta-feira|quinta-feira|sexta-feira"
)
_UNITS = (
    "minutes?|hours?|days?|weeks?|months?|sprints?|minuten?|stunden?|tag(?:e|en)?|wochen?|monat(?:e|en)?|heures?|jours?|"
    "semaines?|mois|minutos?|horas?|d[ií]as?|semanas?|meses|mes|m[eê]s"
)
_TEAMS = (
    r"engineer(?:s|ing)?|developers?|devs?|dev(?:elopment)? team|product team|entwickl\w*|technik\w*|ingénieurs?|"
    r"développeurs?|(?:service|équipe) technique|ingenier\w*|desarroll\w*|engenh\w*|desenvolv\w*"
)
_ASKING = (
    r"(?<!you )ask(?:ed|ing)?|check(?:ed|ing)? (?:(?:this|that|it|these|them|your request) )?with|talk to|"
    r"speak (?:to|with)|consult\w*|discuss\w*|involv(?:e|ed|ing)|(?:loop|bring|pull)(?:ed|ing)? in|reach out to|"
    r"escalate (?:this |it )?to|hear(?:d)?(?: back)? from|wait(?:ing)? (?:for|on)|frag\w*|klär\w*|nachfrag\w*|"
    r"spreche\w*|rücksprache|demand\w*|impliqu\w*|sollicit\w*|pregunt\w*|involucr\w*|pergunt\w*|envolv\w*"
)
_SOME = (
    "about|around|the next|wenigen|einigen|quelques|unos|unas|algunos|algunas|alguns|algumas|uns|umas|a few|a couple of"
)

_IN = (
    "in|by|until|till|end of|middle of|start of|for|before|early|mid|late|im|bis|ab|anfang|mitte|ende|en|em|fin|fin de|"
    "finales de|début|d'ici|avant|para|até|fim de"
)
_NUMBER = rf"(?:\d+(?: ?(?:-|to|or|bis) ?\d+)?|an?|one|two|three|four|five|{_SOME})"

_RULES: Mapping[str, Sequence[str]] = {
    "it names a date": (
        r"\b\d{4}-\d{2}-\d{2}\b",
        r"\b(?:am|ab|bis|bis zum|vom|by|until|before) \d{1,2}\.\d{1,2}\.(?!\d\b)|\b\d{1,2}[./]\d{1,2}[./]20\d{2}\b",
        r"(?<!runs )(?<!run )(?<!works )(?<!work )\bon \d{1,2}\.\d{1,2}\.(?!\d\b)",
        rf"\b\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of| de)? (?:{_MONTHS})\b|\b\d{{1,2}}(?:st|nd|rd|th)(?: of)? may\b",
        rf"\b(?:{_MONTHS}|may) \d{{1,2}}(?:st|nd|rd|th)?\b",
        rf"\b(?:{_IN})[ -](?:{_MONTHS}|(?-i:May))\b",
        rf"\b(?:{_IN}) (?:the )?q[1-4]\b(?! (?:is|was)\b)|\bq[1-4][ /]20\d\d\b",
    ),
    "it promises a time": (
        r"\btomorrow\b|\btonight\b|\be\.?o\.?d\b|\beta\b|\bend of (?:the |this )?(?:day|week|month|quarter|year)\b",
        r"(?<!in touch )(?<!us )(?<!help you )(?<!patience )\btoday\b",
        r"(?<!sich )\bheute\b|\baujourd'hui\b|\bhoy\b|\bhoje\b",
        r"\b(?:by|until|till|before|around|at) (?:noon|midnight|\d{1,2}(?::\d\d| ?[ap]\.?m\b|:\d\d ?[ap]\.?m\b))",
        r"\b(?:bis|um|gegen|avant|d'ici|antes das?|antes de las|até às|às|a las) \d{1,2}(?::\d\d| ?h\b| ?uhr\b)",
        r"\b(?:with)?in (?:the next )?\d+ ?(?:h|hrs?|mins?)\b",
        rf"\b(?:next|this|coming|following) (?:day|week|month|quarter|sprint|release|year|{_DAYS})\b",
        rf"\b(?:by|until|before|on) (?:{_DAYS}|(?:the )?end of)\b",
        rf"\b(?:with)?in (?:(?:{_SOME}) )?{_NUMBER} (?:(?:working|business) )?(?:{_UNITS})\b",
        rf"(?<!guten )\bmorgen\b|\b(?:nächste|kommende|diese)[nmrs]? (?:{_UNITS}|{_DAYS})\b|\binnerhalb\b|\bbinnen\b",
        rf"\bbis (?:zum |ende )?(?:{_DAYS}|ende)\b|\bin (?:einer?|einem|zwei|drei|{_SOME}) (?:{_UNITS})\b",
        rf"\bdemain\b|\b(?:{_UNITS}) (?:prochaine?|que viene|que vem)\b",
        rf"\b(?:d'ici|sous|dans|en|em|dentro de) (?:\d+|une?|uma?|una|deux|dos|dois|duas|{_SOME}) (?:{_UNITS})\b",
        rf"(?<!por la )\bmañana\b|\bamanhã\b|\bpróxim[oa]s? (?:{_UNITS}|{_DAYS})\b",
    ),
    "it promises more than anybody can know": (
        r"\bguarantee|\b(?:i|we) promise\b|\bgarant(?:ier|iz|iss|im)|\bversprech|\bpromet",
    ),
    "it tells that engineering is asked": (
        rf"\b(?:{_ASKING})\b[^.!?]{{0,60}}\b(?:{_TEAMS})\b",
        rf"\b(?:{_TEAMS})\b[^.!?]{{0,30}}\b(?:fragen|einbeziehen|hinzuziehen|einschalten)\b",
    ),
}
_RULE = tuple((what, re.compile(one, re.IGNORECASE)) for what, many in _RULES.items() for one in many)
CURE = "Say what is done, or that there will be news; leave out when, and whom you ask"


def fault(text: str) -> str:
    """What makes a text one that must not go out; empty if nothing does."""
    line = " ".join(text.replace("\u2019", "'").split())
    return next((what for what, pattern in _RULE if pattern.search(line)), "")


def faults(messages: str, link_note: str, texts: Mapping[str, str], replies: Replies) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a playbook's messages: key, what, cure."""
    yield from _strange(texts, replies)
    for name in sorted(public_texts(messages, replies)):
        for key, source in _everywhere(name, texts, replies):
            yield from _one(key, source)
    if link_note == "public" and (what := fault(said_in(texts.get("link_note", "")))):
        yield "texts.link_note", f"customers see it, and {what}", CURE


def how(messages: str, replies: Replies, occasion: str) -> str:
    """What becomes of the message on an occasion."""
    return getattr(replies, occasion) or ("off" if occasion in OPTIONAL else messages)


def public_texts(messages: str, replies: Replies) -> set[str]:
    """The messages that may go out without an agent having read them."""
    names = {f"message_{one}" for one in OCCASIONS if how(messages, replies, one) == "public"}
    closings = names & {"message_resolved", "message_declined"}
    return names | (set(replies.by_reason.values()) if closings else set())


def _strange(texts: Mapping[str, str], replies: Replies) -> Iterator[tuple[str, str, str]]:
    """Messages that nothing names, that aren't there, or that only some could read."""
    known = {f"message_{one}" for one in OCCASIONS}
    for name in texts:
        if name.startswith("message_") and name not in known | set(replies.by_reason.values()):
            yield f"texts.{name}", "nothing is said with this text", "Name it in [replies.by_reason], or remove it"
    for reason, name in replies.by_reason.items():
        if not texts.get(name):
            yield f"replies.by_reason.{reason}", "there is no such text", f"Add {name} to [texts]"
    for locale, some in replies.texts.items():
        for name in some:
            key = f"replies.texts.{locale}.{name}"
            if not name.startswith("message_"):
                yield key, "this is no message to customers", "Only messages have several languages: message_…"
            elif not texts.get(name):
                yield key, "those who speak another language would be told nothing", f"Add {name} to [texts] as well"


def _everywhere(name: str, texts: Mapping[str, str], replies: Replies) -> Iterator[tuple[str, str]]:
    """A message in every language."""
    yield f"texts.{name}", texts.get(name, "")
    yield from ((f"replies.texts.{locale}.{name}", some.get(name, "")) for locale, some in replies.texts.items())


def _one(key: str, source: str) -> Iterator[tuple[str, str, str]]:
    hidden = sorted(shown_in(source) - OPEN)
    if hidden:
        yield (
            key,
            f"it goes to customers, and shows {', '.join(hidden)}, which only the team may see",
            f'Use only: {", ".join(sorted(OPEN))}. An issue that everybody can read is named by link_note = "public"',
        )
    what = fault(said_in(source))
    if what:
        yield key, f"it goes to customers, and {what}", CURE
