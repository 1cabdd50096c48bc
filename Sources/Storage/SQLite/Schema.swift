import GRDB

/// The schema, as migrations that are never changed once released: a new version adds one.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 first schema") { try $0.execute(sql: first) }
        migrator.registerMigration("identity of devices") { try $0.execute(sql: identity) }
        migrator.registerMigration("lineage of claims") { try $0.execute(sql: claimLineage) }
        migrator.registerMigration("network of disputes") { try $0.execute(sql: disputeNetwork) }
        migrator.registerMigration("transport of devices") { try $0.execute(sql: transport) }
        migrator.registerMigration("signatures and quarantine") { try $0.execute(sql: signatures) }
        migrator.registerMigration("every command of an element") { try $0.execute(sql: everyCommand) }
        return migrator
    }

    /// GUIDs are blobs of 16 bytes, times are milliseconds since 1970, digests are blobs.
    private static let first = """
        -- One row: what the home is, how far it has come, and the numbers it has given out.
        CREATE TABLE home (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            server_id BLOB NOT NULL CHECK (length(server_id) = 16),
            generation INTEGER NOT NULL,
            configuration_changed_at INTEGER NOT NULL,
            next_revision_id INTEGER NOT NULL CHECK (next_revision_id BETWEEN 1 AND 2147483647),
            next_deployment_id INTEGER NOT NULL CHECK (next_deployment_id BETWEEN 1 AND 2147483647)
        ) STRICT;

        -- Committed lengths of the append-only files.
        CREATE TABLE file_length (
            folder TEXT NOT NULL CHECK (folder IN ('documents', 'pack')),
            number INTEGER NOT NULL,
            length INTEGER NOT NULL,
            PRIMARY KEY (folder, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE revision (
            id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 2147483647),
            update_id BLOB NOT NULL CHECK (length(update_id) = 16),
            revision_number INTEGER NOT NULL,
            metadata BLOB NOT NULL,
            source TEXT NOT NULL,
            is_verified INTEGER NOT NULL,
            origin TEXT NOT NULL CHECK (origin IN ('document', 'fragments')),
            default_deployment_id INTEGER NOT NULL UNIQUE,
            imported_at INTEGER NOT NULL,
            import_generation INTEGER NOT NULL,
            core_size INTEGER NOT NULL,
            fragments_digest BLOB NOT NULL CHECK (length(fragments_digest) = 32),
            UNIQUE (update_id, revision_number)
        ) STRICT;

        CREATE TABLE document (
            revision_id INTEGER PRIMARY KEY REFERENCES revision,
            file INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            length INTEGER NOT NULL,
            original_length INTEGER NOT NULL,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
        ) STRICT;

        -- kind: 0 Core, 1 Extended, 2 LocalizedProperties, 3 Eula.
        CREATE TABLE fragment (
            revision_id INTEGER NOT NULL REFERENCES revision,
            position INTEGER NOT NULL,
            kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
            language TEXT NOT NULL,
            geo_id TEXT NOT NULL,
            file INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            length INTEGER NOT NULL,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            PRIMARY KEY (revision_id, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE target_group (
            id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
            name TEXT NOT NULL,
            folded_name TEXT NOT NULL UNIQUE,
            parent BLOB REFERENCES target_group
        ) STRICT;
        CREATE INDEX target_group_parent ON target_group (parent);

        CREATE TABLE approval (
            update_id BLOB NOT NULL CHECK (length(update_id) = 16),
            group_id BLOB NOT NULL REFERENCES target_group,
            action TEXT CHECK (action IN ('install', 'uninstall', 'block')),
            deadline INTEGER,
            deployment_id INTEGER NOT NULL UNIQUE,
            changed_at INTEGER NOT NULL,
            generation INTEGER NOT NULL,
            PRIMARY KEY (update_id, group_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX approval_group ON approval (group_id);

        CREATE TABLE decline (
            update_id BLOB PRIMARY KEY NOT NULL CHECK (length(update_id) = 16),
            is_declined INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            generation INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- A device without facts was named by an administrator and has not been seen.
        CREATE TABLE device (
            key INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            facts BLOB,
            groups_generation INTEGER NOT NULL,
            first_seen INTEGER,
            last_seen INTEGER,
            last_reported INTEGER
        ) STRICT;

        -- A device without a row stands in Unassigned Computers.
        CREATE TABLE device_group (
            device_key INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
            group_id BLOB NOT NULL REFERENCES target_group,
            PRIMARY KEY (device_key, group_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX device_group_group ON device_group (group_id);

        -- Groups given to a device that is known by its DNS name only (in lower case), until one registers under it.
        CREATE TABLE expected_device_group (
            name TEXT NOT NULL,
            group_id BLOB NOT NULL REFERENCES target_group,
            PRIMARY KEY (name, group_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE status (
            device_key INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
            update_id BLOB NOT NULL CHECK (length(update_id) = 16),
            state INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            PRIMARY KEY (device_key, update_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX status_update ON status (update_id);

        -- How many rows of status there are: kept by the triggers, read by the console.
        CREATE TABLE status_count (
            update_id BLOB NOT NULL,
            state INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (update_id, state)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER status_inserted AFTER INSERT ON status BEGIN
            INSERT INTO status_count VALUES (NEW.update_id, NEW.state, 1)
                ON CONFLICT (update_id, state) DO UPDATE SET count = count + 1;
        END;
        CREATE TRIGGER status_deleted AFTER DELETE ON status BEGIN
            UPDATE status_count SET count = count - 1 WHERE update_id = OLD.update_id AND state = OLD.state;
            DELETE FROM status_count WHERE update_id = OLD.update_id AND state = OLD.state AND count = 0;
        END;
        CREATE TRIGGER status_updated AFTER UPDATE OF state ON status WHEN NEW.state <> OLD.state BEGIN
            UPDATE status_count SET count = count - 1 WHERE update_id = OLD.update_id AND state = OLD.state;
            DELETE FROM status_count WHERE update_id = OLD.update_id AND state = OLD.state AND count = 0;
            INSERT INTO status_count VALUES (NEW.update_id, NEW.state, 1)
                ON CONFLICT (update_id, state) DO UPDATE SET count = count + 1;
        END;

        CREATE TABLE event (
            id INTEGER PRIMARY KEY,
            device_key INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
            instance_id BLOB NOT NULL CHECK (length(instance_id) = 16),
            time_at_target INTEGER NOT NULL,
            received_at INTEGER NOT NULL,
            namespace_id INTEGER NOT NULL,
            event_id INTEGER NOT NULL,
            source_id INTEGER NOT NULL,
            update_id BLOB CHECK (length(update_id) = 16),
            revision_number INTEGER,
            win32_hresult INTEGER NOT NULL,
            app_name TEXT NOT NULL,
            replacement_strings BLOB NOT NULL,
            misc_data BLOB NOT NULL
        ) STRICT;
        CREATE INDEX event_device ON event (device_key);
        CREATE UNIQUE INDEX event_without_update ON event (device_key, event_id) WHERE update_id IS NULL;
        CREATE INDEX event_received ON event (received_at);

        -- Instance ids taken in the last 30 days.
        CREATE TABLE event_instance (
            device_key INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
            instance_id BLOB NOT NULL CHECK (length(instance_id) = 16),
            received_at INTEGER NOT NULL,
            PRIMARY KEY (device_key, instance_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX event_instance_received ON event_instance (received_at);

        CREATE TABLE payload (
            sha1 BLOB PRIMARY KEY NOT NULL CHECK (length(sha1) = 20),
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            size INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('held', 'quarantined'))
        ) STRICT, WITHOUT ROWID;
        """
}
