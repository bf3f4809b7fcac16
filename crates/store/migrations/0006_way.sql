-- The way of a call through the dialplan, as JSON: which rules it got and why, and what each step came to. NULL for calls from before.

ALTER TABLE calls ADD COLUMN way TEXT;
