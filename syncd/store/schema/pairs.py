"""What the services show, what ties it together, and what was decided, written and said of it."""

PAIRS = """
CREATE TABLE snapshots (
    ref            TEXT PRIMARY KEY,
    connector      TEXT NOT NULL,
    key            TEXT NOT NULL,
    url            TEXT NOT NULL,
    native         TEXT NOT NULL,
    reason         TEXT NOT NULL,
    version        TEXT NOT NULL,
    created_at     TEXT NOT NULL,
    audience       TEXT NOT NULL,
    waiting        INTEGER,
    final          INTEGER NOT NULL,
    moved_by       TEXT NOT NULL,
    moved_at       TEXT NOT NULL,
    closed_outside INTEGER NOT NULL,
    duplicate_of   TEXT NOT NULL,
    follows        TEXT NOT NULL DEFAULT '',
    cascades       INTEGER NOT NULL DEFAULT 0,
    tags           TEXT NOT NULL DEFAULT '[]',
    released       INTEGER,
    assignees      TEXT,
    assigned_at    TEXT NOT NULL DEFAULT '',
    unassigned_at  TEXT NOT NULL DEFAULT '',
    automated      INTEGER,
    answered       INTEGER,
    gone           TEXT NOT NULL DEFAULT '',
    seen_at        TEXT NOT NULL,
    read_again     INTEGER NOT NULL DEFAULT 0,
    own_version    TEXT NOT NULL DEFAULT '',
    own_native     TEXT NOT NULL DEFAULT '',
    own_reason     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX snapshots_by_key ON snapshots (connector, key);
CREATE INDEX snapshots_following ON snapshots (follows) WHERE follows <> '';
CREATE INDEX snapshots_unanswered ON snapshots (connector, created_at) WHERE answered = 0;
CREATE INDEX snapshots_to_read ON snapshots (connector) WHERE read_again > 0;

CREATE TABLE former_keys (
    connector TEXT NOT NULL,
    key       TEXT NOT NULL COLLATE NOCASE,
    ref       TEXT NOT NULL,
    PRIMARY KEY (connector, key)
) STRICT;
CREATE INDEX former_keys_of ON former_keys (ref);

CREATE TABLE links (
    id         INTEGER PRIMARY KEY,
    ticket     TEXT NOT NULL,
    issue      TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('proposed', 'live', 'final', 'ended')),
    origin     TEXT NOT NULL,
    filed      INTEGER NOT NULL,
    seen_open  INTEGER NOT NULL DEFAULT 0,
    named      INTEGER NOT NULL DEFAULT 0,
    ordered    INTEGER NOT NULL DEFAULT 0,
    standing   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    group_key  TEXT NOT NULL,
    made_at    TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    ticket_key TEXT NOT NULL,
    issue_key  TEXT NOT NULL,
    live_at    TEXT NOT NULL DEFAULT '',
    UNIQUE (ticket, issue)
) STRICT;
CREATE INDEX links_by_issue ON links (issue);
CREATE INDEX links_by_group ON links (group_key);
CREATE INDEX links_fresh ON links (made_at) WHERE state = 'live' AND filed = 1;
CREATE INDEX links_held ON links (standing)
    WHERE state = 'live' AND standing IN ('waits_for_person', 'cascades', 'conflict', 'drift', 'unknown');

CREATE TABLE bases (
    link          INTEGER PRIMARY KEY REFERENCES links (id) ON DELETE CASCADE,
    ticket_native TEXT NOT NULL,
    ticket_reason TEXT NOT NULL,
    issue_native  TEXT NOT NULL,
    issue_reason  TEXT NOT NULL,
    agreed        INTEGER NOT NULL,
    exempt        INTEGER NOT NULL,
    turn          INTEGER NOT NULL,
    outside       INTEGER NOT NULL,
    met           TEXT NOT NULL,
    expired       INTEGER NOT NULL DEFAULT 0,
    at            TEXT NOT NULL
) STRICT;

CREATE TABLE tickets_met (
    ref        TEXT PRIMARY KEY,
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
    connector  TEXT NOT NULL,
    source     TEXT NOT NULL,
    cursor     TEXT NOT NULL,
    walked     INTEGER NOT NULL,
    walking    TEXT NOT NULL,
    span       TEXT NOT NULL,
    resume     TEXT NOT NULL,
    start_mark TEXT NOT NULL,
    at_mark    TEXT NOT NULL,
    polled_at  TEXT NOT NULL,
    reach      TEXT NOT NULL,
    PRIMARY KEY (connector, source)
) STRICT;

CREATE TABLE queue (
    group_key   TEXT PRIMARY KEY,
    cause       TEXT NOT NULL,
    asked       INTEGER NOT NULL,
    since       TEXT NOT NULL,
    due         TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    lease_until TEXT NOT NULL,
    parked      INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    owner       TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX queue_by_due ON queue (due) WHERE parked = 0;

CREATE TABLE effects (
    id        TEXT PRIMARY KEY,
    link      INTEGER REFERENCES links (id),
    kind      TEXT NOT NULL,
    turn      INTEGER NOT NULL,
    target    TEXT NOT NULL,
    body      TEXT NOT NULL,
    internal  INTEGER NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('ready', 'sent', 'doubt', 'done', 'refused')),
    began_at  TEXT NOT NULL,
    due       TEXT NOT NULL,
    looks     INTEGER NOT NULL,
    remote_id TEXT NOT NULL,
    reason    TEXT NOT NULL,
    owed      INTEGER NOT NULL DEFAULT 0,
    tries     INTEGER NOT NULL DEFAULT 0,
    doubles   TEXT NOT NULL DEFAULT '',
    wordings  TEXT NOT NULL DEFAULT '',
    until     TEXT NOT NULL DEFAULT '',
    source    TEXT NOT NULL DEFAULT '',
    UNIQUE (link, kind, turn)
) STRICT;
CREATE UNIQUE INDEX effects_alone ON effects (target, kind, turn) WHERE link IS NULL;
CREATE INDEX effects_refused ON effects (link) WHERE state = 'refused';
CREATE INDEX effects_doubled ON effects (link) WHERE doubles <> '';
CREATE INDEX effects_open ON effects (due) WHERE state IN ('ready', 'sent', 'doubt');

CREATE TABLE carried (
    id     INTEGER PRIMARY KEY,
    link   INTEGER NOT NULL REFERENCES links (id),
    way    TEXT NOT NULL CHECK (way IN ('to_issue', 'to_ticket')),
    text   TEXT NOT NULL,
    digest TEXT NOT NULL,
    sent   TEXT NOT NULL,
    effect TEXT NOT NULL,
    UNIQUE (link, way, text)
) STRICT;
CREATE INDEX carried_in ON carried (effect);

CREATE TABLE updates (
    link   INTEGER PRIMARY KEY REFERENCES links (id),
    since  TEXT NOT NULL,
    looked TEXT NOT NULL
) STRICT;

CREATE TABLE talks (
    link  INTEGER NOT NULL REFERENCES links (id),
    way   TEXT NOT NULL,
    since TEXT NOT NULL,
    look  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (link, way)
) STRICT;

CREATE TABLE stands (
    link INTEGER NOT NULL REFERENCES links (id),
    way  TEXT NOT NULL,
    said TEXT NOT NULL,
    PRIMARY KEY (link, way)
) STRICT;

CREATE TABLE switched (
    helpdesk TEXT NOT NULL,
    way      TEXT NOT NULL,
    what     TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (helpdesk, way)
) STRICT;

CREATE TABLE begun (
    target  TEXT PRIMARY KEY,
    native  TEXT NOT NULL,
    reason  TEXT NOT NULL,
    records TEXT NOT NULL,
    at      TEXT NOT NULL
) STRICT;

CREATE TABLE shown (
    ref   TEXT NOT NULL,
    what  TEXT NOT NULL,
    value TEXT NOT NULL,
    tried TEXT NOT NULL,
    PRIMARY KEY (ref, what)
) STRICT;

CREATE TABLE journal (
    id        INTEGER PRIMARY KEY,
    at        TEXT NOT NULL,
    group_key TEXT NOT NULL,
    target    TEXT NOT NULL,
    link      INTEGER NOT NULL,
    rule      TEXT NOT NULL,
    moved     TEXT NOT NULL,
    who       TEXT NOT NULL,
    before    TEXT NOT NULL,
    after     TEXT NOT NULL,
    status    INTEGER NOT NULL,
    notes     INTEGER NOT NULL,
    shown     INTEGER NOT NULL,
    seen_at   TEXT NOT NULL,
    outcome   TEXT NOT NULL,
    native_before TEXT NOT NULL,
    reason_before TEXT NOT NULL,
    native_after  TEXT NOT NULL,
    reason_after  TEXT NOT NULL,
    approved      INTEGER NOT NULL
) STRICT;
CREATE INDEX journal_by_link ON journal (link, at);
CREATE INDEX journal_by_time ON journal (at);
"""
