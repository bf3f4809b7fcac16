-- Who may call what. Of a profile only what an operator has said of it is kept, as JSON. An extension has a profile, or rights of
-- its own over it; what neither says, the profile of its organisation does. rights is a JSON list of classes.

CREATE TABLE profiles (
    id              TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    settings        TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    UNIQUE (organisation_id, name)
);

ALTER TABLE extensions ADD COLUMN rights TEXT;
ALTER TABLE extensions ADD COLUMN profile_id TEXT REFERENCES profiles (id);
ALTER TABLE organisations ADD COLUMN profile_id TEXT REFERENCES profiles (id);

CREATE INDEX extensions_profile_id ON extensions (profile_id);

-- What was called for, in millionths of the currency, and who is on hold. The PBX writes them: changing one does not raise the
-- revision. number is empty for the organisation itself; day is year, month and day on its calendar, as 20261129.

CREATE TABLE accounts (
    organisation_id TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    number          TEXT NOT NULL,
    day             BIGINT NOT NULL,
    today           BIGINT NOT NULL,
    this_month      BIGINT NOT NULL,
    held_since      BIGINT,
    held_reason     TEXT,
    held_by         TEXT,
    changed_at      BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, number)
);
