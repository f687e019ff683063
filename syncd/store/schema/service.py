"""What syncd keeps of itself, of people's orders and of filing: brakes, alerts, connectors, commands, filings."""

SERVICE = """
CREATE TABLE brakes (
    connector   TEXT PRIMARY KEY,
    reason      TEXT NOT NULL,
    at          TEXT NOT NULL,
    released_at TEXT NOT NULL,
    rehearsal   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE alerts (
    sink   TEXT NOT NULL,
    key    TEXT NOT NULL,
    opened TEXT NOT NULL,
    told   TEXT NOT NULL,
    thread TEXT NOT NULL,
    known  TEXT NOT NULL,
    quiet  TEXT NOT NULL,
    closed TEXT NOT NULL,
    PRIMARY KEY (sink, key)
) STRICT;

CREATE TABLE sinks (
    name    TEXT PRIMARY KEY,
    state   TEXT NOT NULL CHECK (state IN ('starting', 'ok', 'failing', 'off')),
    reason  TEXT NOT NULL,
    since   TEXT NOT NULL,
    sent_at TEXT NOT NULL
) STRICT;

CREATE TABLE announcements (
    about   TEXT NOT NULL,
    event   TEXT NOT NULL,
    desk    TEXT NOT NULL,
    route   TEXT NOT NULL,
    step    INTEGER NOT NULL,
    state   TEXT NOT NULL CHECK (state IN
        ('waiting', 'sending', 'sent', 'unknown', 'answered', 'passed', 'unanswered', 'needless')),
    sink    TEXT NOT NULL,
    thread  TEXT NOT NULL,
    stood   TEXT NOT NULL,
    mark    TEXT NOT NULL,
    made_at TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    due     TEXT NOT NULL,
    tries   INTEGER NOT NULL,
    PRIMARY KEY (about, event, route, step)
) STRICT;
CREATE INDEX announcements_open ON announcements (made_at) WHERE state IN ('waiting', 'sent', 'unknown') AND due <> '';
CREATE INDEX announcements_unmarked ON announcements (sink) WHERE thread <> '' AND mark <> 'done';

CREATE VIEW left_alone AS
    SELECT DISTINCT shown.ref FROM shown JOIN snapshots ON snapshots.ref = shown.ref AND snapshots.gone = ''
    WHERE NOT EXISTS
        (SELECT 1 FROM links WHERE (ticket = shown.ref OR issue = shown.ref) AND state IN ('live', 'final'));

CREATE VIEW ends AS
    SELECT group_key, substr(ticket, 1, instr(ticket, ':') - 1) AS connector FROM links
    UNION ALL SELECT group_key, substr(issue, 1, instr(issue, ':') - 1) AS connector FROM links
    UNION ALL SELECT ref AS group_key, substr(ref, 1, instr(ref, ':') - 1) AS connector FROM shown
    WHERE NOT EXISTS (SELECT 1 FROM links WHERE links.group_key = shown.ref)
    UNION ALL SELECT group_key, substr(group_key, 1, instr(group_key, ':') - 1) AS connector FROM queue
    WHERE NOT EXISTS (SELECT 1 FROM links WHERE links.group_key = queue.group_key)
    AND NOT EXISTS (SELECT 1 FROM shown WHERE shown.ref = queue.group_key);

CREATE TABLE connectors (
    name        TEXT PRIMARY KEY,
    state       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    since       TEXT NOT NULL,
    begun_at    TEXT NOT NULL,
    polled_at   TEXT NOT NULL,
    paused      TEXT NOT NULL,
    until       TEXT NOT NULL DEFAULT '',
    fingerprint TEXT NOT NULL
) STRICT;

CREATE TABLE recalls (
    since TEXT NOT NULL,
    until TEXT NOT NULL
) STRICT;

CREATE TABLE recalled (
    ref     TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    asked   INTEGER NOT NULL
) STRICT;

CREATE VIEW held AS
    SELECT ends.group_key, ends.connector, 'brake' AS why FROM ends JOIN brakes USING (connector)
    WHERE brakes.released_at = ''
    UNION ALL SELECT ends.group_key, ends.connector, 'pause' FROM ends
    JOIN connectors ON connectors.name = ends.connector WHERE connectors.paused <> '';

CREATE TABLE commands (
    id       INTEGER PRIMARY KEY,
    ticket   TEXT NOT NULL,
    source   TEXT NOT NULL,
    nth      INTEGER NOT NULL,
    verb     TEXT NOT NULL,
    argument TEXT NOT NULL,
    given_at TEXT NOT NULL,
    at       TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    tag      TEXT NOT NULL,
    version  TEXT NOT NULL,
    UNIQUE (ticket, source, nth)
) STRICT;
CREATE INDEX commands_open ON commands (id) WHERE outcome = '';
CREATE INDEX commands_by_tag ON commands (id) WHERE tag = 'set';

CREATE TABLE mutes (
    ticket TEXT PRIMARY KEY,
    since  TEXT NOT NULL
) STRICT;

CREATE VIEW muted_links AS SELECT links.id FROM links JOIN mutes USING (ticket);

CREATE TABLE filings (
    id          TEXT PRIMARY KEY,
    ticket      TEXT NOT NULL,
    ticket_key  TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    occasion    TEXT NOT NULL CHECK (occasion IN ('escalated', 'promoted')),
    turn        INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN
        ('old', 'waiting', 'unfiled', 'sent', 'doubt', 'filed', 'adopted', 'refused', 'withdrawn')),
    seen_at     TEXT NOT NULL,
    due         TEXT NOT NULL,
    trigger     TEXT NOT NULL,
    stands      INTEGER NOT NULL,
    version     TEXT NOT NULL,
    ordered     INTEGER NOT NULL,
    rule        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    tracker     TEXT NOT NULL,
    place       TEXT NOT NULL,
    audience    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    area        TEXT NOT NULL,
    team        TEXT NOT NULL,
    priority    TEXT NOT NULL,
    company     TEXT NOT NULL,
    issue       TEXT NOT NULL,
    beside      TEXT NOT NULL,
    board_due   TEXT NOT NULL,
    board_tries INTEGER NOT NULL,
    board_reason TEXT NOT NULL,
    began_at    TEXT NOT NULL,
    filed_at    TEXT NOT NULL,
    answered_at TEXT NOT NULL,
    looks       INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    UNIQUE (ticket, occasion, turn)
) STRICT;
CREATE INDEX filings_open ON filings (due) WHERE state IN ('waiting', 'sent', 'doubt');
CREATE INDEX filings_by_issue ON filings (issue) WHERE issue <> '';

CREATE TABLE accepted (
    subject TEXT NOT NULL,
    what    TEXT NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (subject, what)
) STRICT;

CREATE TABLE watches (
    helpdesk TEXT PRIMARY KEY,
    triggers TEXT NOT NULL,
    since    TEXT NOT NULL
) STRICT;

CREATE TABLE skips (
    ref  TEXT NOT NULL,
    what TEXT NOT NULL,
    why  TEXT NOT NULL,
    at   TEXT NOT NULL,
    PRIMARY KEY (ref, what)
) STRICT;
"""
