-- An event of a provider that was old when it was looked at, and has a call: settled, and not looked at again. All others are few.
ALTER TABLE provider_events ADD COLUMN settled BIGINT NOT NULL DEFAULT 0;

DROP INDEX provider_events_received_at;

CREATE INDEX provider_events_unsettled ON provider_events (received_at) WHERE settled = 0;

-- When the last one came over a trunk.
CREATE INDEX provider_events_trunk ON provider_events (organisation_id, trunk, received_at);
