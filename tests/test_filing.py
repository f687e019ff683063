"""Which issue an escalated ticket becomes, by each shipped playbook, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncd.details import Company, Detail, Person
from syncd.filing import Choice, Decision, decide
from syncd.filing.keywords import found
from syncd.model import Audience, Ref, Word
from syncd.playbook import Playbook
from tests.filed import PLACES, decided, filed, playbook, ticket, unfiled

SUPPORT, CE = "sourcegraph-support", "sourcegraph-ce"


def area(text: str, **facts: Any) -> str:
    return decided(SUPPORT, ticket(text, **facts)).area.value


# --- whether ---


def test_a_ticket_that_nobody_escalated_becomes_no_issue_and_the_reason_says_what_would() -> None:
    detail = ticket("Search is slow")
    why = unfiled(SUPPORT, replace(detail, item=replace(detail.item, tags=())))
    assert why.rule == "not_escalated"
    assert "the tag rfh or the tag defect or an agent's note that says /file" in why.why


def test_a_playbook_without_conditions_files_nothing() -> None:
    why = decide(ticket(), Playbook(name="default"), word=Word.OPEN)
    assert (getattr(why, "rule", ""), "default" in getattr(why, "why", "")) == ("nothing_filed", True)


@pytest.mark.parametrize(
    ("condition", "facts", "word", "is_met"),
    [
        ({"tag": "Tier2"}, {"tags": ("tier2",)}, Word.OPEN, True),
        ({"tag": "tier2"}, {}, Word.OPEN, False),
        ({"field": "cf_escalated", "value": True}, {"fields": {"cf_escalated": "true"}}, Word.OPEN, True),
        ({"field": "cf_escalated", "value": True}, {"fields": {"cf_escalated": "false"}}, Word.OPEN, False),
        ({"field": "cf_level", "value": 2}, {"fields": {"cf_level": "2"}}, Word.OPEN, True),
        ({"group": "Tier 2"}, {"group": "tier 2"}, Word.OPEN, True),
        ({"group": "Tier 2"}, {"group": "Tier 1"}, Word.OPEN, False),
        ({"status": "on_hold"}, {}, Word.ON_HOLD, True),
        ({"status": "on_hold"}, {}, Word.OPEN, False),
    ],
)
def test_each_condition(condition: dict[str, Any], facts: dict[str, Any], word: Word, is_met: bool) -> None:
    one = playbook(SUPPORT, file={"when": [condition]})
    assert isinstance(decide(ticket("x", **facts), one, word=word), Decision) is is_met


def test_an_agent_s_command_escalates_and_outweighs_a_table_that_needs_no_issue() -> None:
    detail = ticket("Renewal of our subscription")
    bare = replace(detail, item=replace(detail.item, tags=()))
    assert unfiled(SUPPORT, detail).rule == "no_issue"
    assert unfiled(SUPPORT, bare).rule == "not_escalated"
    assert decided(SUPPORT, bare, ordered=True).escalated.why == "an agent's note that says /file"


def test_a_follow_up_does_not_file_again_by_tags_that_it_inherited() -> None:
    detail = ticket("Search is slow", follows=Ref("desk", "9"))
    why = unfiled(SUPPORT, detail)
    assert (why.rule, "inherited" in why.why) == ("not_escalated", True)
    assert decided(SUPPORT, detail, ordered=True).escalated.value


def test_a_person_answers_first() -> None:
    assert unfiled(SUPPORT, ticket(answered=False)).rule == "not_answered"
    assert decided("2i2c", ticket(answered=False)).place.value, "2i2c files before the reply that says so"


@pytest.mark.parametrize(
    ("mark", "person", "is_one"),
    [
        ("leads", Person("Ada", leads=True), True),
        ("leads", Person("Ada"), False),
        ({"tag": "Representative"}, Person("Ada", tags=("representative",)), True),
        ({"tag": "representative"}, Person("Ada", leads=True), False),
        ({"field": "role", "value": "Rep"}, Person("Ada", fields={"role": "rep"}), True),
        ({"field": "role", "value": "Rep"}, Person("Ada", fields={"role": "user"}), False),
        ("leads", None, False),
    ],
)
def test_only_representatives_start_a_ticket(mark: Any, person: Person | None, is_one: bool) -> None:
    detail, one = ticket(requester=person), playbook("2i2c", file={"representative": mark})
    assert isinstance(decide(detail, one, word=Word.OPEN), Decision) is is_one
    approved = ticket(requester=person, tags=("approved",))
    assert isinstance(decide(approved, one, word=Word.OPEN), Decision), "one of them has agreed"


def test_it_says_whose_approval_is_missing() -> None:
    why = unfiled("2i2c", ticket(requester=Person("Grace"))).why
    assert why.startswith("Grace is no representative of Acme & Söhne: one of these has to approve first")
    assert "the tag approved" in why
    assert "for no company" in unfiled("2i2c", ticket(company=None)).why


def test_a_place_that_nobody_named_is_no_place() -> None:
    why = unfiled(SUPPORT, ticket("x"), routing={"places": {"customer": ""}})
    assert (why.rule, "[sync.routing.places]" in why.why) == ("no_place", True)


# --- of what kind ---


@pytest.mark.parametrize(
    ("name", "kind", "tags", "meant"),
    [
        ("2i2c", "Change Request", (), "change"),
        ("2i2c", "guidance request", (), "guidance"),
        ("2i2c", "Workshop Request", (), "workshop"),
        ("2i2c", "", ("defect",), "defect"),
        ("2i2c", "Workshop Request", ("defect",), "workshop"),
        ("2i2c", "Anything", (), "guidance"),
        (SUPPORT, "Problem", (), "defect"),
        (SUPPORT, "Question", ("rfh",), "rfh"),
        (SUPPORT, "", ("defect", "rfh"), "defect"),
        (CE, "Report a bug", (), "defect"),
        ("criticality", "", (), "defect"),
    ],
)
def test_the_kind(name: str, kind: str, tags: tuple[str, ...], meant: str) -> None:
    found = decided(name, ticket(kind=kind, tags=tags))
    assert found.kind.value == meant
    assert found.kind.why


def test_an_incident_never_takes_the_path_of_other_tickets() -> None:
    why = unfiled("2i2c", ticket(kind="Incident"))
    assert (why.rule, "incident responder" in why.why) == ("no_issue", True)


@pytest.mark.parametrize("facts", [{"requester": Person("Grace")}, {"company": None}])
def test_nobody_is_asked_to_approve_what_gets_no_issue(facts: dict[str, Any]) -> None:
    assert unfiled("2i2c", ticket(kind="Incident", **facts)).rule == "no_issue"
    assert unfiled("2i2c", ticket(**facts)).rule in {"not_authorised", "no_company"}


def test_what_gets_no_issue_is_told_before_anybody_has_answered() -> None:
    assert unfiled(SUPPORT, ticket("License key for the renewal", answered=False)).rule == "no_issue"
    assert unfiled(SUPPORT, ticket("Docker", answered=False)).rule == "not_answered"


# --- where, and to whom ---

AREAS = [
    ("We can't deploy with Docker", "Deployment", "Distribution"),
    ("Running on k8s in AWS", "Deployment", "Distribution"),
    ("Grafana shows nothing", "Monitoring, management, performance", "Distribution"),
    ("Cloning from Perforce fails", "Code hosts", "Core Application"),
    ("src-expose stops", "Code hosts", "Core Application"),
    ("Wrong ACLs", "Repository permissions", "Core Application"),
    ("SAML does not work", "Authentication", "Core Application"),
    ("Go to definition is empty", "Code intelligence", "Code Intelligence"),
    ("LSIF upload", "Code intelligence", "Code Intelligence"),
    ("A saved search is gone", "Search", "Search"),
    ("Our Firefox add-on", "Browser extension, native integrations", "Extensibility"),
    ("Codecov", "Extensions", "Extensibility"),
    ("src-cli fails", "Batch changes", "Batch Changes"),
    ("LARGE   SCALE\ncode changes", "Batch changes", "Batch Changes"),
]


@pytest.mark.parametrize(("text", "meant", "team"), AREAS)
@pytest.mark.parametrize("name", [SUPPORT, CE])
def test_the_area_by_keyword(name: str, text: str, meant: str, team: str) -> None:
    for detail in (ticket(text), ticket("Help", text)):
        issue = filed(name, detail)
        assert (issue.decision.area.value, issue.team.value) == (meant, team)
        assert issue.mention.value.startswith("@acme/")
        assert issue.labels


@pytest.mark.parametrize("name", [SUPPORT, CE])
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Both clusters restart", "Deployment"),
        ("The dashboards stay empty", "Monitoring, management, performance"),
        ("Two code hosts are missing", "Code hosts"),
        ("Our tokens are refused", "Code hosts"),
        ("No permission for this page", "Repository permissions"),
        ("The saved searches are gone", "Search"),
        ("browser extensions crash", "Browser extension, native integrations"),
        ("A plugin of ours", "Extensions"),
    ],
)
def test_a_keyword_is_known_in_the_singular_and_in_the_plural(name: str, text: str, meant: str) -> None:
    assert decided(name, ticket(text)).area.value == meant


def test_the_longest_keyword_takes_its_words() -> None:
    assert area("Code monitoring is late") == "Search"
    assert area("Monitoring is late") == "Monitoring, management, performance"
    assert decided(SUPPORT, ticket("code monitoring")).others == ()


def test_a_keyword_of_two_areas_goes_to_the_first_and_names_the_other() -> None:
    for host in ("GitHub", "GitLab", "Bitbucket", "Phabricator"):
        found = decided(SUPPORT, ticket(f"{host} and us"))
        assert found.area.value == "Code hosts"
        assert found.others == ("Browser extension, native integrations (Extensibility)",)
        assert any("Extensibility" in remark for remark in found.remarks)


def test_a_question_that_spans_three_teams_goes_to_the_first_of_the_table() -> None:
    issue = filed(SUPPORT, ticket("Search over LDAP, SSO and Docker"))
    assert issue.team.value == "Distribution"
    assert issue.decision.others == ("Authentication (Core Application)", "Search")
    assert "It may concern others, too: Authentication (Core Application), Search" in issue.body.value


@pytest.mark.parametrize(
    "text",
    [
        "I go there and it is gone",
        "searching the githubs",
        "researching",
        "see https://github.com/acme/repo/search",
        "write to ops@gitlab.com",
        "dockerised",
    ],
)
def test_what_is_no_whole_word_or_stands_in_an_address_counts_for_nothing(text: str) -> None:
    found = decided(SUPPORT, ticket(text))
    assert (found.area.value, found.rule) == ("", None)
    assert found.area.why == "the ticket names none of the areas"


def test_ordinary_words_count_only_where_nothing_else_is_named() -> None:
    assert area("Our project has a filter for access") == "Code hosts"
    assert area("Our project uses SAML") == "Authentication"
    for text in ("All users lost the key", "usage of the contract"):
        assert area(text) == "", "an ordinary word keeps no ticket from its issue"


def test_an_area_that_needs_no_issue() -> None:
    assert "customer engineering" in unfiled(SUPPORT, ticket("License key for the renewal")).why
    assert "business operations" in unfiled(SUPPORT, ticket("DAU and MAU")).why
    assert area("Search breaks since the renewal") == "Search", "beside an area that takes issues it doesn't count"


def test_a_team_that_an_agent_chose_is_kept() -> None:
    found = decided(SUPPORT, ticket("Docker Docker Docker", tags=("Team_Search",)))
    assert (found.area.value, found.area.why) == ("Search", "chosen by hand: the tag team_search")


def test_the_private_repository_by_default_and_the_public_one_by_an_agent_s_tag() -> None:
    assert decided(SUPPORT, ticket("x")).place.value == "acme/customer"
    place = decided(SUPPORT, ticket("x", tags=("public_issue",))).place
    assert (place.value, "tag public_issue" in place.why) == ("acme/product", True)


def test_labels_each_once_with_a_reason() -> None:
    issue = filed(SUPPORT, ticket("saved search", kind="Problem", tags=("docs",)))
    assert [label.value for label in issue.labels] == [
        "defect",
        "ce/p2",
        "team/search-core",
        "team/search-product",
        "docs",
        "customer/acme-sohne",
    ]
    assert all(label.why for label in issue.labels)
    assert [label.value for label in filed("2i2c", ticket()).labels] == ["support"]


def test_the_customer_s_own_engineer_is_assigned_where_the_customer_may_be_seen() -> None:
    own: dict[str, Any] = {"customer": {"engineers": {"acme-sohne": "@acme-dedicated"}}}
    assert filed(CE, ticket("x"), **own).assignee.value == "acme-dedicated"
    assert filed(CE, ticket("x"), Audience.PUBLIC, **own).assignee.value == ""
    assert filed(CE, ticket("x", company=Company("Other")), **own).assignee.value == ""


AGENTS: dict[str, Any] = {"agents": {"12": "@ada"}}


def by_agent(*agents: str, impact: str = "critical") -> Detail:
    """A ticket that these agents have."""
    detail = ticket("x", fields={"impact": impact})
    return replace(detail, item=replace(detail.item, assignees=agents))


@pytest.mark.parametrize("audience", [Audience.PUBLIC, Audience.PRIVATE, None])
def test_a_critical_issue_is_assigned_to_the_ticket_s_agent_where_the_team_says_who_that_is(
    audience: Audience | None,
) -> None:
    routing = {"places": PLACES["2i2c"], **AGENTS}
    found = filed("2i2c", by_agent("12"), audience, routing=routing).assignee
    assert (found.value, found.why) == ("ada", "the ticket's agent has what is critical")
    unknown = filed("2i2c", by_agent("13"), audience, routing=routing).assignee
    assert (unknown.value, unknown.why) == ("", "the ticket's agent, 13, isn't in routing.agents")
    assert filed("2i2c", by_agent(), audience, routing=routing).assignee.value == ""
    assert filed("2i2c", by_agent("12", impact="high"), audience, routing=routing).assignee.value == ""
    assert filed("2i2c", by_agent("12"), audience).assignee == Choice("", "the playbook names nobody")


def test_whoever_has_the_ticket_goes_before_the_customer_s_engineer_and_the_area_s() -> None:
    own: dict[str, Any] = {"customer": {"engineers": {"acme-sohne": "@dedicated"}}}
    own["routing"] = {"places": PLACES["2i2c"], **AGENTS}
    assert filed("2i2c", by_agent("12"), **own).assignee.value == "ada"
    assert filed("2i2c", by_agent("13"), **own).assignee.value == "dedicated"
    assert filed("2i2c", by_agent("12", impact="high"), **own).assignee.value == "dedicated"


def test_a_customer_s_label_is_the_organisation_s_own_where_it_has_one() -> None:
    labels = filed(SUPPORT, ticket("x", company_fields={"label_name": "Big Co"})).labels
    assert labels[-1].value == "customer/big-co"
    nameless = filed(SUPPORT, ticket("x", company=Company("株式会社"))).labels
    assert not any(label.value.startswith("customer/") for label in nameless)


def test_the_customer_s_label_alone_may_be_new_and_no_public_place_gets_it() -> None:
    assert filed(SUPPORT, ticket("saved search")).new_labels == ("customer/acme-sohne",)
    assert filed(SUPPORT, ticket("saved search"), Audience.PUBLIC).new_labels == ()


def test_what_the_helpdesk_can_t_tell_of_a_company_the_playbook_does() -> None:
    more = {"Tier": "1", "CRM profile": "https://crm.example.com/17"}
    own: dict[str, Any] = {"customer": {"fields": {"acme-sohne": more}}}
    issue = filed(CE, ticket("x", tags=("severity_serious",)), **own)
    assert issue.decision.priority.value == "p1"
    assert "(https://crm.example.com/17)" in issue.body.value
    told = ticket("x", tags=("severity_serious",), company_fields={"Tier": "3", "CRM profile": ""})
    issue = filed(CE, told, **own)
    assert issue.decision.priority.value == "p2", "what the helpdesk tells goes first"
    assert "(https://crm.example.com/17)" in issue.body.value
    assert filed(CE, ticket("x", company=None), **own).decision.priority.value == "p3"
    assert "crm.example.com" not in filed(CE, ticket("x"), Audience.PUBLIC, **own).body.value


def test_a_private_issue_says_that_its_priority_rests_on_a_default() -> None:
    unknown, known = ticket("x"), ticket("x", tags=("severity_serious", "tier_1"))
    assert "- The priority rests on a default: severity minimal (not told by the field Severity" in filed(
        CE, unknown
    ).body.value.replace("\\", "")
    assert "rests on a default" not in filed(CE, known).body.value
    assert "rests on a default" not in filed(CE, unknown, Audience.PUBLIC).body.value


# --- how urgent ---

CELLS = {
    "unusable": ("p0", "p1", "p2"),
    "serious": ("p1", "p1", "p2"),
    "minimal": ("p2", "p2", "p3"),
    "nice": ("p3", "p3", "p4"),
    "minor": ("p4", "p4", "p4"),
}


@pytest.mark.parametrize(("severity", "tier"), [(one, tier) for one in CELLS for tier in (1, 2, 3)])
def test_customer_engineering_s_table_cell_by_cell(severity: str, tier: int) -> None:
    for spelled in (f"{tier}", f"Tier {tier}"):
        detail = ticket("x", fields={"Severity": severity.title()}, company_fields={"Tier": spelled})
        found = decided(CE, detail)
        assert found.priority.value == CELLS[severity][tier - 1]
        assert found.remarks == ()


@pytest.mark.parametrize(
    ("severity", "level", "meant"),
    [
        ("outage", "premium", "p0"),
        ("outage", "", "p0"),
        ("unusable", "premium", "p1"),
        ("unusable", "standard", "p1"),
        ("defect", "premium", "p1"),
        ("defect", "standard", "p2"),
        ("defect", "", "p2"),
        ("Feature request", "premium", "p3"),
        ("feature", "standard", "p3"),
    ],
)
def test_support_s_table_cell_by_cell(severity: str, level: str, meant: str) -> None:
    detail = ticket("x", fields={"severity": severity}, company_fields={"service_level": level})
    assert decided(SUPPORT, detail).priority.value == meant


def test_a_tier_that_nobody_knows_counts_as_three_and_is_flagged() -> None:
    cases: tuple[dict[str, str], ...] = ({}, {"Tier": "platinum"})
    for fields in cases:
        found = decided(CE, ticket("x", fields={"Severity": "unusable"}, company_fields=fields))
        assert found.priority.value == "p2"
        assert "The priority rests on a default" in found.remarks[0]
        assert ("a value that the table doesn't know" in found.remarks[0]) is bool(fields)
        assert "platinum" not in found.remarks[0]


@pytest.mark.parametrize("tag", ["ce/p3", "ce_p3", "user/p3", "user-p3", "CE_P3"])
def test_a_priority_set_by_hand_wins(tag: str) -> None:
    found = decided(CE, ticket("x", tags=(tag,), fields={"Severity": "unusable"}, company_fields={"Tier": "1"}))
    assert found.priority.value == "p3"
    assert found.priority.why == f"set by hand: the tag {tag}"
    both = decided(CE, ticket("x", tags=(tag, "ce_p1")))
    assert both.priority.value == "p1", "of two the more urgent: what a person set is never lowered"


def test_keywords_only_propose() -> None:
    found = decided(SUPPORT, ticket("An outage, completely down", fields={"severity": "feature"}))
    assert (found.priority.value, found.proposed.value) == ("p3", "p0")
    assert "whoever triages decides" in found.proposed.why
    assert "Keywords propose p0" in filed(SUPPORT, ticket("An outage")).body.value
    assert decided(SUPPORT, ticket("An outage", fields={"severity": "outage"})).proposed.value == ""


def test_levels_two_to_four_get_the_form() -> None:
    for level in ("2", "3", "4"):
        assert "https://forms.example.com/bug" in unfiled("criticality", ticket(fields={"criticality": level})).why
        assert decided("criticality", ticket(fields={"criticality": level}), ordered=True).priority.value == level
    first = filed("criticality", ticket("All is lost", fields={"criticality": "1"}))
    assert [label.value for label in first.labels] == ["criticality-1"]
    assert first.decision.place.value == "BUG"


def test_impact_is_the_field_s_and_critical_is_proposed_by_keyword() -> None:
    issue = filed("2i2c", ticket("Prometheus fails", fields={"impact": "Low"}), Audience.PUBLIC)
    assert [label.value for label in issue.labels] == ["support"], "it is on the form, and so on the board"
    assert "### Ticket impact\n\n🟩 Low\n\n### Short" in issue.body.value
    assert issue.body.value.endswith("Keywords of the ticket propose the impact critical: whoever triages decides.")
    for tag, shown in (("impact_critical", "🟥 Critical"), ("impact_high", "🟧 High"), ("impact_medium", "🟨 Medium")):
        assert f"\n\n{shown}\n\n### Short" in filed("2i2c", ticket(tags=(tag,))).body.value
    assert "### Ticket impact\n\n_No response_\n\n### Short" in filed("2i2c", ticket()).body.value


# --- in what words ---


def test_the_ticket_tracker_form_has_its_headings_to_the_letter() -> None:
    body = filed("2i2c", ticket("Secret", "Secret"), Audience.PUBLIC).body.value
    assert [line for line in body.splitlines() if line.startswith("#")] == [
        "### The Freshdesk ticket link",
        "### Ticket request type",
        "### Ticket impact",
        "### Short ticket description",
        "### (Optional) Investigation results",
    ]
    assert body.startswith("### The Freshdesk ticket link\n\nhttps://desk.example.com/tickets/17\n\n### ")
    assert "Secret" not in body


def test_the_checklist_has_every_heading_and_says_what_is_missing() -> None:
    fields = {"environment": "Kubernetes\n\nfive nodes"}
    body = filed(SUPPORT, ticket("Search is slow", "Very slow.\n\nReally.", fields=fields)).body.value
    assert body.startswith("> Very slow.\n>\n> Really.\n\n")
    assert "### Environment\n\n> Kubernetes\n>\n> five nodes\n\n### Steps to reproduce\n\nmissing\n\n" in body
    assert body.count("\nmissing\n") == 5
    assert "- Customer: Acme & Söhne, asked by Ada\n- Team: Search @acme/search-core-support" in body


def test_every_choice_has_its_reason() -> None:
    for name in (SUPPORT, CE, "2i2c", "criticality"):
        issue = filed(name, ticket("Search", fields={"criticality": "1"}))
        one = issue.decision
        for choice in (
            one.place,
            one.kind,
            one.priority,
            one.area,
            issue.audience,
            issue.team,
            issue.assignee,
            issue.title,
        ):
            assert choice.why, name


def test_phrases_are_found_whole_and_case_blind() -> None:
    assert found("C++ and c, K8S; _Docker_", ["C++", "k8s", "Docker", "docke"]) == {"C++", "k8s", "Docker"}
