extension Schema {
    /// Claims, disputes and the history of devices (ADR 0013).
    static let identity = """
        -- The line of sessions that is the device's, and one that was begun since and may become it.
        ALTER TABLE device ADD COLUMN lineage INTEGER;
        ALTER TABLE device ADD COLUMN newer_lineage INTEGER;
        ALTER TABLE device ADD COLUMN newer_since INTEGER;
        -- The names of the groups it asks for; NULL where it never named any.
        ALTER TABLE device ADD COLUMN requested_groups BLOB;
        -- The newest of what was said under its id and not taken.
        ALTER TABLE device ADD COLUMN claim BLOB;
        -- A set of reasons; NULL where it is not disputed. While it is, its rows of status neither change nor count.
        ALTER TABLE device ADD COLUMN dispute INTEGER;
        ALTER TABLE device ADD COLUMN disputed_at INTEGER;
        CREATE INDEX device_disputed ON device (key) WHERE dispute IS NOT NULL;
        CREATE TRIGGER device_disputed AFTER UPDATE OF dispute ON device WHEN OLD.dispute IS NULL AND NEW.dispute IS NOT NULL BEGIN
            UPDATE status_count SET count = count - 1
                WHERE (update_id, state) IN (SELECT update_id, state FROM status WHERE device_key = NEW.key);
            DELETE FROM status_count WHERE count = 0
                AND (update_id, state) IN (SELECT update_id, state FROM status WHERE device_key = NEW.key);
        END;
        CREATE TRIGGER device_settled AFTER UPDATE OF dispute ON device WHEN OLD.dispute IS NOT NULL AND NEW.dispute IS NULL BEGIN
            INSERT INTO status_count SELECT update_id, state, 1 FROM status WHERE device_key = NEW.key
                ON CONFLICT (update_id, state) DO UPDATE SET count = count + 1;
        END;

        CREATE TABLE device_change (
            id INTEGER PRIMARY KEY,
            device_key INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
            changed_at INTEGER NOT NULL,
            address TEXT NOT NULL,
            field TEXT NOT NULL,
            old TEXT NOT NULL,
            new TEXT NOT NULL,
            outcome TEXT NOT NULL
        ) STRICT;
        CREATE INDEX device_change_device ON device_change (device_key);

        -- Where the event came from, if the device was disputed then.
        ALTER TABLE event ADD COLUMN disputed_from TEXT;
        """

    /// Who said the claim.
    static let claimLineage = "ALTER TABLE device ADD COLUMN claim_lineage INTEGER;"

    /// From where the second caller of a dispute came.
    static let disputeNetwork = "ALTER TABLE device ADD COLUMN dispute_network TEXT;"
}
