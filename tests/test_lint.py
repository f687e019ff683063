"""What must not go out to customers by itself: held against a playbook when it is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.errors import ConfigError
from syncd.playbook import Playbook
from syncd.tables import lint
from tests.test_playbooks import HELPDESKS, shipped

BAD = [
    "I need to ask engineering.",
    "We are waiting for our developers to look at it.",
    "I will check with the dev team.",
    "We will get back to you by Monday.",
    "It will be fixed in the next 3 days.",
    "Expect news within 24 hours.",
    "You will hear from us in two working days.",
    "This comes with the next release.",
    "It is planned for 3 March.",
    "It is planned for March 3rd.",
    "It is planned for 2026-03-01.",
    "Done by the end of the week.",
    "The ETA is unknown.",
    "We guarantee a fix.",
    "Ich muss die Entwickler fragen.",
    "Wir klären das mit der Entwicklung.",
    "Sie hören morgen von uns.",
    "Das ist bis Freitag erledigt.",
    "Das ist in zwei Tagen erledigt.",
    "Es kommt nächste Woche.",
    "Es kommt am 3.3.",
    "Nous répondrons demain.",
    "Ce sera fait dans 2 jours.",
    "Nous devons demander aux développeurs.",
    "Estará listo mañana.",
    "Estará listo en dos días.",
    "Tenemos que preguntar a ingeniería.",
    "Vamos perguntar aos desenvolvedores.",
    "Fica pronto na próxima semana.",
    "It is planned for the end of this quarter.",
    "It will be there at the end of June.",
    "It will be there in June.",
    "It comes in May.",
    "We plan this for mid-October.",
    "We will fix it today.",
    "It is planned in Q1.",
    "It is planned for Q3 2026.",
    "You will hear from us within 48h.",
    "You will hear from us in 3 h.",
    "You will hear from us in 24-48 hours.",
    "It is done by 3pm.",
    "It is done by 15:00.",
    "It is done by noon.",
    "It comes on 24.12.",
    "I need to check this with engineering.",
    "We have to involve engineering.",
    "We asked our engineers to look at it.",
    "I will loop in the developers.",
    "Das kommt im Juni.",
    "Das kommt Ende Mai.",
    "Wir beheben das heute.",
    "Das ist bis morgen erledigt.",
    "Das ist bis 15 Uhr erledigt.",
    "Wir müssen die Entwicklung einbeziehen.",
    "Ce sera prêt en juin.",
    "Ce sera prêt aujourd'hui.",
    "Nous devons impliquer les développeurs.",
    "Estará listo en junio.",
    "Estará listo hoy.",
    "Fica pronto em junho.",
    "Fica pronto hoje.",
    "Vamos envolver a engenharia.",
]
GOOD = [
    "Thank you for getting in touch. We will update you here as soon as there is news.",
    "The work on your request is finished. Could you check, and confirm that it does what you need?",
    "This isn't an outage, so we have put it into our work planning.",
    "Guten Morgen! Ihr Anliegen ist erledigt. Wenn es noch nicht stimmt, antworten Sie einfach.",
    "Version 3 may be what you need; Python 3.11.2 is fine, too.",
    "Merci, votre demande est terminée.",
    "Gracias. El trabajo ha terminado.",
    "You may ask us at any time. Our engineers have finished it.",
    "We have looked into it in detail, and in the end there was nothing to do.",
    "Thank you for contacting us today. How can we help you today?",
    "Your invoice of August is attached. Thanks for your patience today.",
    "What you sent in may help us; whom it is for may matter, too.",
    "It works on 3.11. The chart is in 3D, and the answer to Q1 is yes.",
    "As you asked, our engineers have finished it.",
    "Please check that it works with the developer tools of your browser.",
    "The change is in, and by now everybody has it. March on!",
    "Danke, dass Sie sich heute gemeldet haben.",
]


@pytest.mark.parametrize("text", BAD)
def test_it_is_refused(text: str) -> None:
    assert lint.fault(text)


@pytest.mark.parametrize("text", GOOD)
def test_it_may_go_out(text: str) -> None:
    assert not lint.fault(text)


def load(**data: Any) -> list[str]:
    """What is wrong with a playbook."""
    try:
        Playbook.parse("p", data)
    except ConfigError as error:
        return [str(one) for one in error.problems]
    return []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"messages": "public", "texts": {"message_resolved": "Done {{ issue_url }}"}}, "shows issue_url, which only"),
        ({"messages": "public", "texts": {"message_declined": "{% if who %}x{% endif %}"}}, "shows who, which only"),
        ({"messages": "public", "texts": {"message_filed": "Fixed tomorrow."}}, "texts.message_filed: it goes to cust"),
        (
            {"replies": {"sprint_over": "public"}, "texts": {"message_sprint_over": "Next sprint."}},
            "texts.message_sprint_over: it goes to customers, and it promises a time. Say what is done",
        ),
        (
            {
                "replies": {"resolved": "public", "texts": {"de": {"message_resolved": "Morgen!"}}},
                "texts": {"message_resolved": "Done."},
            },
            "replies.texts.de.message_resolved: it goes to customers, and it promises a time",
        ),
        (
            {
                "replies": {"declined": "public", "by_reason": {"wontfix": "message_no"}},
                "texts": {"message_no": "See {{ issue_key }}"},
            },
            "texts.message_no: it goes to customers, and shows issue_key",
        ),
        (
            {"link_note": "public", "texts": {"link_note": "Ready tomorrow."}},
            "texts.link_note: customers see it, and it",
        ),
        ({"replies": {"by_reason": {"wontfix": "message_no"}}}, "replies.by_reason.wontfix: there is no such text"),
        ({"texts": {"message_fild": "Hello"}}, "texts.message_fild: nothing is said with this text"),
        (
            {"replies": {"texts": {"de": {"message_filed": "Hallo"}}}},
            "those who speak another language would be told no",
        ),
        ({"replies": {"texts": {"de": {"resolved": "Hallo"}}}}, "this is no message to customers"),
        ({"replies": {"texts": {"German": {}}}}, "this is no language"),
        ({"replies": {"texts": {"de": {"message_filed": "{{ nosuch }}"}}}}, "the template uses 'nosuch'"),
        ({"replies": {"filed": "yes"}}, "replies.filed: this is none of the known values"),
        ({"replies": {"quiet_hours": ["at night"]}}, "replies.quiet_hours: these are no hours"),
        ({"replies": {"time_zone": "Mars"}}, "replies.time_zone: this is no time zone"),
    ],
)
def test_a_playbook_is_refused_with_the_cure(data: dict[str, Any], said: str) -> None:
    assert any(said in one for one in load(**data)), load(**data)


@pytest.mark.parametrize("how", ["off", "draft"])
def test_what_an_agent_reads_first_may_hold_more(how: str) -> None:
    text = {"message_resolved": "{{ issue_url }} tomorrow"}
    assert load(messages=how, texts=text) == []
    assert load(messages="public", replies={"resolved": how}, texts=text) == []


@pytest.mark.parametrize("name", sorted(HELPDESKS))
def test_every_shipped_message_may_go_out(name: str) -> None:
    playbook = shipped(name)
    assert list(lint.faults("public", playbook.link_note, playbook.texts, playbook.replies)) == []
