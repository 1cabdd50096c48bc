extension Schema {
    /// What signatures may lead to, what they say of payloads, and what is allowed though it is quarantined (ADR 0021).
    static let signatures = """
        -- 0: its metadata were read before commands were.
        ALTER TABLE revision ADD COLUMN has_commands INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX revision_without_commands ON revision (id) WHERE has_commands = 0;

        CREATE TABLE allowance (
            update_id BLOB NOT NULL CHECK (length(update_id) = 16),
            revision_number INTEGER NOT NULL,
            is_allowed INTEGER NOT NULL,
            reason TEXT NOT NULL,
            changed_at INTEGER NOT NULL,
            generation INTEGER NOT NULL,
            PRIMARY KEY (update_id, revision_number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE trusted_certificate (
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            role TEXT NOT NULL,
            der BLOB NOT NULL,
            added_at INTEGER NOT NULL,
            PRIMARY KEY (sha256, role)
        ) STRICT, WITHOUT ROWID;

        -- What was found when a payload was looked into; the signature is measured again by `files verify --deep`.
        CREATE TABLE payload_finding (
            sha1 BLOB PRIMARY KEY NOT NULL CHECK (length(sha1) = 20),
            standing TEXT NOT NULL,
            signer TEXT NOT NULL,
            detail TEXT NOT NULL,
            signed_at INTEGER,
            checked_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- The members of payloads that are cabinets, in lower case.
        CREATE TABLE cabinet_member (
            sha1 BLOB NOT NULL CHECK (length(sha1) = 20),
            name TEXT NOT NULL,
            PRIMARY KEY (sha1, name)
        ) STRICT, WITHOUT ROWID;
        """

    /// Of an element with several commands only one was read before: all are read again.
    static let everyCommand = "UPDATE revision SET has_commands = 0"
}
