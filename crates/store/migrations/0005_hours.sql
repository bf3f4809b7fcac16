-- Hours that are open or closed by hand, whatever the clock says; state is open, closed or auto. The PBX writes them: changing one
-- does not raise the revision. A row stays when the clock decides again, so that an older change cannot come after it.

CREATE TABLE hours (
    organisation_id TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    state           TEXT NOT NULL,
    changed_by      TEXT NOT NULL,
    changed_at      BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, name)
);
