-- Who calls in. A contact is a number of the public network, in E.164, and the name that phones show for it; source tells where it came
-- from. A block says what becomes of calls: kind is number, prefix, anonymous or stir, value the number or the prefix, trunk the name of
-- the trunk that it is for or nothing for all, context where its calls enter the dialplan.

CREATE TABLE contacts (
    id              TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    number          TEXT NOT NULL,
    name            TEXT NOT NULL,
    source          TEXT NOT NULL,
    updated_at      BIGINT NOT NULL,
    UNIQUE (organisation_id, number)
);

CREATE TABLE blocks (
    id              TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    kind            TEXT NOT NULL,
    value           TEXT NOT NULL,
    trunk           TEXT NOT NULL,
    action          TEXT NOT NULL,
    context         TEXT,
    note            TEXT NOT NULL,
    updated_at      BIGINT NOT NULL,
    UNIQUE (organisation_id, kind, value, trunk)
);
