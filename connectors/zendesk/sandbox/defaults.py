"""What a new account of the stand-in holds: people, an organization, a brand, ticket fields, a form, statuses.

Shapes as Zendesk's API reference gives them; ids are as large as real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ME, AGENT, CUSTOMER, STRANGER = 6130907993114, 6130907993115, 6130907993116, 6130907993117
"""User ids: the service user (an administrator), an agent, and two requesters; the first has an organization."""
SYSTEM = -1
"""Who Zendesk's own automations act as."""
ORGANIZATION, GROUP, BRAND, FORM = 6130869157658, 6130869157701, 6130830354842, 6130830344474
CATEGORIES = ("new", "open", "pending", "hold", "solved")
DEFAULT_STATUS = {category: 6130830355737 + i for i, category in enumerate(CATEGORIES)}
"""The custom status that each category begins with: every account has these."""
STATUS_FIELD, ASSIGNEE_FIELD = 6130830344501, 6130830344507
ISSUE, REFERENCE, ESCALATED, ROOT_CAUSE, SEVERITY, PRODUCTS = range(6130830345001, 6130830345007)
"""Custom fields: two texts, a checkbox, two dropdowns, a multiselect; customers fill in the second and the last two."""

DAY = "2024-03-01T08:00:00Z"
Row = dict[str, Any]


def user(number: int, name: str, email: str, role: str, organization: int | None = None) -> Row:
    """A user's record."""
    return {
        "id": number, "url": "", "name": name, "email": email, "created_at": DAY, "updated_at": DAY,
        "time_zone": "UTC", "iana_time_zone": "Etc/UTC", "phone": None, "locale": "en-US", "locale_id": 1,
        "organization_id": organization, "role": role, "verified": True, "external_id": None, "tags": [],
        "alias": None, "active": True, "shared": False, "shared_agent": False, "last_login_at": DAY,
        "signature": None, "details": None, "notes": None, "role_type": None, "custom_role_id": None,
        "moderator": role != "end-user", "ticket_restriction": "requested" if role == "end-user" else None,
        "only_private_comments": False, "restricted_agent": role == "end-user", "suspended": False,
        "default_group_id": None if role == "end-user" else GROUP, "report_csv": False, "user_fields": {},
    }  # fmt: skip


ANONYMOUS = user(0, "Anonymous user", "invalid@example.com", "end-user") | {"id": None, "verified": False}
"""Whom ``/users/me`` tells of where no credential is sent: with status 200."""


def users() -> dict[int, Row]:
    """Everybody, by id."""
    found = [
        user(ME, "Syncd", "syncd@example.com", "admin"),
        user(AGENT, "Agent", "agent@example.com", "agent"),
        user(CUSTOMER, "Customer", "customer@example.org", "end-user", ORGANIZATION),
        user(STRANGER, "Stranger", "stranger@example.net", "end-user"),
    ]
    return {one["id"]: one for one in found}


def organization(number: int, name: str, fields: Mapping[str, Any]) -> Row:
    """An organization's record; ``fields`` by key."""
    return {
        "url": "", "id": number, "name": name, "shared_tickets": False, "shared_comments": False,
        "external_id": None, "created_at": DAY, "updated_at": DAY, "domain_names": ["example.org"],
        "details": None, "notes": None, "group_id": None, "tags": [], "organization_fields": dict(fields),
    }  # fmt: skip


def brand() -> Row:
    """The only brand."""
    return {
        "url": "", "id": BRAND, "name": "Acme", "brand_url": "https://acme.zendesk.com", "subdomain": "acme",
        "host_mapping": None, "has_help_center": True, "help_center_state": "enabled", "active": True,
        "default": True, "is_deleted": False, "logo": None, "ticket_form_ids": [FORM],
        "signature_template": "{{agent.signature}}", "created_at": DAY, "updated_at": DAY,
    }  # fmt: skip


def group(number: int = GROUP, name: str = "Support") -> Row:
    """A group of agents; an account begins with one."""
    return {
        "url": "", "id": number, "is_public": True, "name": name, "description": "", "default": number == GROUP,
        "deleted": False, "created_at": DAY, "updated_at": DAY,
    }  # fmt: skip


def membership(number: int, user: int, organization: Row, *, main: bool, views: bool) -> Row:
    """That somebody belongs to an organization; ``views``: and sees all its tickets."""
    return {
        "url": "", "id": number, "user_id": user, "organization_id": organization["id"], "default": main,
        "organization_name": organization["name"], "view_tickets": views, "created_at": DAY, "updated_at": DAY,
    }  # fmt: skip


def attachment(number: int, name: str, size: int) -> Row:
    """A file on a comment."""
    address = f"https://acme.zendesk.com/attachments/token/{number}/?name={name}"
    return {
        "url": "", "id": number, "file_name": name, "content_url": address, "mapped_content_url": address,
        "content_type": "text/plain", "size": size, "width": None, "height": None, "inline": False, "deleted": False,
        "malware_access_override": False, "malware_scan_result": "malware_not_found", "thumbnails": [],
    }  # fmt: skip


def custom_status(number: int, category: str, label: str, *, default: bool = False) -> Row:
    """A custom status; requesters read ``end_user_label``."""
    shown = "Open" if category in {"new", "hold"} else label
    return {
        "url": "", "id": number, "status_category": category, "agent_label": label, "raw_agent_label": label,
        "end_user_label": shown, "raw_end_user_label": shown, "description": "", "raw_description": "",
        "end_user_description": "", "raw_end_user_description": "", "active": True, "default": default,
        "created_at": DAY, "updated_at": DAY,
    }  # fmt: skip


def custom_statuses() -> dict[int, Row]:
    """Those that an account has before an administrator makes more."""
    labels = {"hold": "On-hold"}
    return {
        number: custom_status(number, category, labels.get(category, category.capitalize()), default=True)
        for category, number in DEFAULT_STATUS.items()
    }


def field(number: int, kind: str, title: str, *, options: tuple[str, ...] = (), **over: Any) -> Row:
    """A ticket field's record."""
    own = number >= ISSUE
    made = {
        "url": "", "id": number, "type": kind, "title": title, "raw_title": title, "description": "",
        "raw_description": "", "position": number % 1000, "active": True, "required": False,
        "collapsed_for_agents": False, "regexp_for_validation": None, "title_in_portal": title,
        "raw_title_in_portal": title, "visible_in_portal": False, "editable_in_portal": False,
        "required_in_portal": False, "agent_can_edit": True, "tag": None, "created_at": DAY, "updated_at": DAY,
        "removable": own, "key": None, "agent_description": None, **over,
    }  # fmt: skip
    if kind in {"tagger", "multiselect"}:
        made["custom_field_options"] = [
            {"id": number * 10 + i, "name": value.capitalize(), "raw_name": value, "value": value, "default": False}
            for i, value in enumerate(options)
        ]
    return made


def fields() -> dict[int, Row]:
    """The system's fields and some custom ones, by id."""
    portal: dict[str, Any] = {"visible_in_portal": True, "editable_in_portal": True}
    system = ("subject", "description", "tickettype", "priority", "group")
    found = [
        *(field(STATUS_FIELD + 1 + i, kind, kind.capitalize()) for i, kind in enumerate(system)),
        field(STATUS_FIELD, "status", "Status"),
        field(ASSIGNEE_FIELD, "assignee", "Assignee"),
        field(ISSUE, "text", "Issue"),
        field(REFERENCE, "text", "Reference", **portal),
        field(ESCALATED, "checkbox", "Escalated", tag="escalated"),
        field(ROOT_CAUSE, "tagger", "Root cause", options=("cause_defect", "cause_usage")),
        field(SEVERITY, "tagger", "Severity", options=("severity_1", "severity_2"), **portal),
        field(PRODUCTS, "multiselect", "Products", options=("product_hub", "product_app"), **portal),
    ]
    return {one["id"]: one for one in found}


def form(listed: tuple[int, ...]) -> Row:
    """The only form, with its fields; ``agent_conditions`` say what solving needs."""
    return {
        "url": "", "id": FORM, "name": "Default", "raw_name": "Default", "display_name": "Default",
        "raw_display_name": "Default", "end_user_visible": True, "position": 1, "active": True, "default": True,
        "in_all_brands": True, "restricted_brand_ids": [], "ticket_field_ids": list(listed),
        "end_user_conditions": [], "agent_conditions": [], "created_at": DAY, "updated_at": DAY,
    }  # fmt: skip


def via(channel: str, rel: str | None = None, **source: Any) -> Row:
    """How something came about; ``source`` = from where."""
    return {"channel": channel, "source": {"from": source, "to": {}, "rel": rel}}


def blank(number: int, now: str) -> Row:
    """A ticket's row in the order of recordings, with every null in it."""
    return {
        "url": "", "id": number, "external_id": None, "via": via("web"), "created_at": now, "updated_at": now,
        "type": None, "subject": "", "raw_subject": "", "description": "", "priority": None, "status": "new",
        "recipient": None, "requester_id": CUSTOMER, "submitter_id": CUSTOMER, "assignee_id": None,
        "organization_id": None, "group_id": None, "collaborator_ids": [], "follower_ids": [], "email_cc_ids": [],
        "forum_topic_id": None, "problem_id": None, "has_incidents": False, "is_public": True, "due_at": None,
        "tags": [], "custom_fields": [], "satisfaction_rating": None, "sharing_agreement_ids": [],
        "custom_status_id": None, "fields": [], "followup_ids": [], "ticket_form_id": FORM,
        "brand_id": BRAND, "allow_channelback": False, "allow_attachments": True,
        "from_messaging_channel": False,
    }  # fmt: skip
