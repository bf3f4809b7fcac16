-- The third digest algorithm (RFC 8760): its HA1 may be imported as those of the others may.

ALTER TABLE extensions ADD COLUMN ha1_sha512_256 TEXT;
