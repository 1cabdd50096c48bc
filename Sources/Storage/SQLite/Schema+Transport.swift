extension Schema {
    /// How devices come, and who still comes over plain HTTP (ADR 0022).
    static let transport = """
        CREATE TABLE device_transport (
            device_key INTEGER PRIMARY KEY REFERENCES device ON DELETE CASCADE,
            tls_version INTEGER NOT NULL,
            cipher_suite INTEGER NOT NULL,
            server_name TEXT,
            address TEXT NOT NULL,
            agent TEXT NOT NULL,
            via TEXT NOT NULL,
            forwarded TEXT NOT NULL,
            forwarded_for TEXT NOT NULL,
            seen_at INTEGER NOT NULL
        ) STRICT;

        -- The network is the address as far as limits go: of IPv6 its first 64 bits.
        CREATE TABLE plain_caller (
            id INTEGER PRIMARY KEY,
            network TEXT NOT NULL,
            address TEXT NOT NULL,
            agent TEXT NOT NULL,
            path TEXT NOT NULL,
            via TEXT NOT NULL,
            forwarded TEXT NOT NULL,
            forwarded_for TEXT NOT NULL,
            first_seen INTEGER NOT NULL,
            last_seen INTEGER NOT NULL,
            count INTEGER NOT NULL,
            UNIQUE (address, agent, path, via, forwarded, forwarded_for)
        ) STRICT;
        CREATE INDEX plain_caller_seen ON plain_caller (last_seen);
        CREATE INDEX plain_caller_network ON plain_caller (network, last_seen);
        """
}
