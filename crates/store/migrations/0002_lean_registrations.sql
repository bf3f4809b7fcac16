-- A refresh, the most frequent write of a PBX, touched three B-trees: rows, primary key and expiry. Now it touches one. What
-- has expired is looked for at a start only, where reading the whole table is no more than what the start does anyway.

CREATE TABLE registrations_by_key (
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
) WITHOUT ROWID;

INSERT INTO registrations_by_key
SELECT extension_id, contact, instance, reg_id, call_id, cseq, q, registered_at, expires_at, transport, remote, local,
    connection, user_agent, path
FROM registrations;

DROP TABLE registrations;

ALTER TABLE registrations_by_key RENAME TO registrations;
