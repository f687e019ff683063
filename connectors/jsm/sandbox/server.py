"""The stand-in for Jira Service Management: the same site, that begins with other examples."""

from __future__ import annotations

from connectors.jira.sandbox.server import JiraSandbox


class JsmSandbox(JiraSandbox):
    """See :class:`JiraSandbox`: tracker and helpdesk may stand on one site."""

    examples = (
        ("make_project", {"key": "SUP", "kind": "service"}),
        ("make_request", {"project": "SUP", "summary": "The hub is slow"}),
    )
