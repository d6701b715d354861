-- Each capture's transaction, so that who adds captures up can wait for older writers, as for transfers. A block-range
-- index is a few pages however many captures there are. (There is no such operator class for xid8, but one for its number.)
ALTER TABLE metering_capture ADD COLUMN tx xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX metering_capture_by_tx ON metering_capture USING brin ((tx::text::bigint)) WITH (pages_per_range = 32, autosummarize = on);
