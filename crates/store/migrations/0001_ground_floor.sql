-- Types are the ones that SQLite and PostgreSQL both read: ids and sealed secrets are TEXT, times are
-- microseconds UTC as BIGINT, booleans are BIGINT 0 or 1.

CREATE TABLE settings (
    key        TEXT NOT NULL PRIMARY KEY,
    value      TEXT NOT NULL
);

INSERT INTO settings (key, value) VALUES ('revision', '1');

CREATE TABLE organisations (
    id         TEXT NOT NULL PRIMARY KEY,
    slug       TEXT NOT NULL UNIQUE,
    domain     TEXT UNIQUE,
    name       TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE extensions (
    id              TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    number          TEXT NOT NULL,
    name            TEXT NOT NULL,
    password        TEXT,
    ha1_md5         TEXT,
    ha1_sha256      TEXT,
    enabled         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    UNIQUE (organisation_id, number)
);

-- The bindings of RFC 3261 section 10. q is in thousandths; path is a JSON list of URIs, nearest proxy first.
CREATE TABLE registrations (
    extension_id  TEXT NOT NULL REFERENCES extensions (id) ON DELETE CASCADE,
    contact       TEXT NOT NULL,
    instance      TEXT,
    reg_id        BIGINT,
    call_id       TEXT NOT NULL,
    cseq          BIGINT NOT NULL,
    q             BIGINT NOT NULL,
    registered_at BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    transport     TEXT NOT NULL,
    remote        TEXT NOT NULL,
    local         TEXT NOT NULL,
    connection    TEXT,
    user_agent    TEXT,
    path          TEXT NOT NULL,
    PRIMARY KEY (extension_id, contact)
);

CREATE INDEX registrations_expires_at ON registrations (expires_at);

-- Call detail records. No foreign keys: history outlives the organisations and extensions it names.
CREATE TABLE calls (
    id            TEXT NOT NULL PRIMARY KEY,
    linked_id     TEXT,
    tenant_id     TEXT,
    direction     TEXT,
    from_number   TEXT,
    from_name     TEXT,
    dialed        TEXT,
    to_number     TEXT,
    did           TEXT,
    user_id       TEXT,
    extension     TEXT,
    trunk_in      TEXT,
    trunk_out     TEXT,
    context       TEXT,
    route         TEXT,
    dialplan_hash TEXT,
    started_at    BIGINT NOT NULL,
    ringing_at    BIGINT,
    answered_at   BIGINT,
    ended_at      BIGINT,
    setup_ms      BIGINT,
    ring_ms       BIGINT,
    talk_ms       BIGINT,
    disposition   TEXT,
    end_reason    TEXT,
    sip_code      BIGINT,
    q850          BIGINT,
    hangup_by     TEXT,
    error_code    TEXT,
    codec_a       TEXT,
    codec_b       TEXT,
    transport_a   TEXT,
    transport_b   TEXT,
    srtp          BIGINT,
    mos_min_a     DOUBLE PRECISION,
    mos_avg_a     DOUBLE PRECISION,
    mos_min_b     DOUBLE PRECISION,
    mos_avg_b     DOUBLE PRECISION,
    loss          DOUBLE PRECISION,
    jitter        DOUBLE PRECISION,
    rtt           DOUBLE PRECISION,
    recording_id  TEXT,
    consent       TEXT,
    entity_type   TEXT,
    entity_id     TEXT,
    notes         TEXT,
    account_code  TEXT,
    emergency     BIGINT,
    attestation   TEXT,
    legs          TEXT NOT NULL
);

CREATE INDEX calls_started_at ON calls (started_at, id);
CREATE INDEX calls_unfinished ON calls (ended_at) WHERE ended_at IS NULL;
