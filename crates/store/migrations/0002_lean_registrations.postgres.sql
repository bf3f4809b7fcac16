-- A refresh, the most frequent write of a PBX, no longer touches an index: PostgreSQL then writes the new row beside the old one.
-- What has expired is looked for at a start only, which reads the whole table anyway.

DROP INDEX registrations_expires_at;
