-- What a provider's REST API is asked with, sealed; whose account it is stands in the settings.

ALTER TABLE trunks ADD COLUMN api_secret TEXT;
