-- What providers tell of calls by their webhooks, and by which names they know them. An event and a record find each other when they are
-- read, by these names, whichever of the two came first. No foreign keys: history outlives what it names.

ALTER TABLE trunks ADD COLUMN webhook_secret TEXT;

-- facts is what every provider's event comes to, as JSON; payload is what came, cut off. event_id is the provider's own.
CREATE TABLE provider_events (
    id              TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    trunk           TEXT NOT NULL,
    provider        TEXT NOT NULL,
    event_id        TEXT NOT NULL,
    kind            TEXT NOT NULL,
    occurred_at     BIGINT,
    received_at     BIGINT NOT NULL,
    facts           TEXT NOT NULL,
    payload         TEXT NOT NULL,
    UNIQUE (organisation_id, trunk, event_id)
);

CREATE INDEX provider_events_received_at ON provider_events (received_at);

CREATE TABLE provider_event_names (
    event_id        TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name            TEXT NOT NULL,
    PRIMARY KEY (event_id, name)
);

CREATE INDEX provider_event_names_name ON provider_event_names (organisation_id, name);

CREATE TABLE call_names (
    organisation_id TEXT NOT NULL,
    name            TEXT NOT NULL,
    call_id         TEXT NOT NULL,
    PRIMARY KEY (organisation_id, name, call_id)
);

CREATE INDEX call_names_call_id ON call_names (call_id);

-- Signatures that have been taken, as hashes, until they are too old to be taken anyway.
CREATE TABLE seen_signatures (
    signature       TEXT NOT NULL PRIMARY KEY,
    expires_at      BIGINT NOT NULL
);

CREATE INDEX seen_signatures_expires_at ON seen_signatures (expires_at);
