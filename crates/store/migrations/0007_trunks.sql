-- The ways to the public network. Of a trunk only what an operator has said of it is kept, as JSON; what its preset says is read
-- anew with each snapshot. A number of the public network, in E.164 or a short word, comes in over one trunk of an organisation;
-- context is where its calls enter the dialplan, where that is not the usual one.

CREATE TABLE trunks (
    id              TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    preset          TEXT NOT NULL,
    enabled         BIGINT NOT NULL,
    settings        TEXT NOT NULL,
    password        TEXT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    UNIQUE (organisation_id, name)
);

CREATE TABLE numbers (
    organisation_id TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    number          TEXT NOT NULL,
    trunk_id        TEXT NOT NULL REFERENCES trunks (id) ON DELETE CASCADE,
    context         TEXT,
    PRIMARY KEY (organisation_id, number)
);

CREATE INDEX numbers_trunk_id ON numbers (trunk_id);
