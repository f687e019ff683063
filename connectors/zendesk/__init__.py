"""Zendesk: the connector, its example config, and a stand-in server to try it on."""
