"""Jira Service Management: the helpdesk's connector, and a stand-in site to try it on."""
