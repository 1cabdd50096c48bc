import GRDB
public import Updates

extension SQLiteStore {
    public func deviceTransports() async throws -> [DeviceID: SeenTransport] {
        try await read { db in
            var found: [DeviceID: SeenTransport] = [:]
            try db.forEachRow(
                """
                SELECT id, tls_version, cipher_suite, server_name, address, agent, via, forwarded, forwarded_for, seen_at
                FROM device_transport JOIN device ON key = device_key
                """
            ) { row in
                let tls = TLSParameters(
                    version: UInt16(truncatingIfNeeded: try row.value(1) as Int), cipherSuite: UInt16(truncatingIfNeeded: try row.value(2) as Int),
                    serverName: try row.optional(3))
                found[try row.value(0)] = SeenTransport(
                    transport: DeviceTransport(
                        tls: tls, address: try row.value(4), agent: try row.value(5),
                        proxies: ProxyClaims(via: try row.value(6), forwarded: try row.value(7), forwardedFor: try row.value(8))),
                    time: try row.value(9))
            }
            return found
        }
    }

    public func plainVisits(since time: Timestamp) async throws -> [PlainVisits] {
        try await read { db in
            try db.rows(
                """
                SELECT address, agent, path, via, forwarded, forwarded_for, first_seen, last_seen, count
                FROM plain_caller WHERE last_seen >= ? ORDER BY last_seen DESC, id DESC
                """, [time]
            ) { row in
                let proxies = ProxyClaims(via: try row.value(3), forwarded: try row.value(4), forwardedFor: try row.value(5))
                return PlainVisits(
                    caller: PlainCaller(address: try row.value(0), agent: try row.value(1), proxies: proxies, path: try row.value(2)),
                    first: try row.value(6), last: try row.value(7), count: try row.value(8))
            }
        }
    }

    static func write(_ transport: DeviceTransport, of key: Int64, at time: Timestamp, _ db: Database) throws {
        let (tls, proxies) = (transport.tls, transport.proxies)
        try db.run(
            "INSERT OR REPLACE INTO device_transport VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                key, Int(tls.version), Int(tls.cipherSuite), tls.serverName, transport.address, transport.agent, proxies.via, proxies.forwarded,
                proxies.forwardedFor, time,
            ])
    }

    /// Adds what was counted, and drops the oldest where there are more than are kept: first of a network that has too many, so that one
    /// caller who makes up names drives out nobody else's.
    static func write(_ visits: [PlainVisits], limits: StoreOptions.PlainCallers, _ db: Database) throws {
        guard !visits.isEmpty else { return }
        var networks: Set<String> = []
        for visit in visits {
            let (caller, proxies) = (visit.caller, visit.caller.proxies)
            let network = SourceNetwork(caller.address).description
            networks.insert(network)
            try db.run(
                """
                INSERT INTO plain_caller (network, address, agent, path, via, forwarded, forwarded_for, first_seen, last_seen, count)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (address, agent, path, via, forwarded, forwarded_for) DO UPDATE SET
                    last_seen = max(last_seen, excluded.last_seen), count = count + excluded.count
                """,
                [
                    network, caller.address, caller.agent, caller.path, proxies.via, proxies.forwarded, proxies.forwardedFor, visit.first,
                    visit.last, visit.count,
                ])
        }
        for network in networks {
            try db.run(
                """
                DELETE FROM plain_caller WHERE id IN
                    (SELECT id FROM plain_caller WHERE network = ? ORDER BY last_seen DESC, id DESC LIMIT -1 OFFSET ?)
                """, [network, limits.perNetwork])
        }
        try db.run(
            """
            DELETE FROM plain_caller WHERE id IN
                (SELECT id FROM plain_caller ORDER BY last_seen, id LIMIT max(0, (SELECT count(*) FROM plain_caller) - ?))
            """, [limits.all])
    }
}
