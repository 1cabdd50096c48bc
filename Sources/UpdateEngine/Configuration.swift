import Foundation
import Storage
public import Updates

/// What an administrator may set: the file `martlet.json` of a home.
public struct Configuration: Codable, Hashable, Sendable {
    /// The names and addresses of the certificate, the first being the one devices are told.
    public var hosts: [String]
    /// The port in the URLs given to devices, where it is not the port bound (behind a forwarder).
    public var publicPort: Int?
    /// Deliver only approved updates and what they need; unapproved ones are then never evaluated or reported as needed.
    public var restrictToApproved: Bool
    /// Whose word puts a device into groups.
    public var targeting: Targeting
    /// Days that a device's events are kept.
    public var eventDays: Int
    /// Events of one device that are kept.
    public var eventsPerDevice: Int
    /// How answers are compressed; ``XpressPages/ready`` where nothing is said.
    public var xpress: XpressPages?
    /// Connections of devices at a time.
    public var connections: Int?
    /// Of those, from one address.
    public var connectionsPerAddress: Int?
    /// TLS handshakes in a second from one address.
    public var handshakesPerSecond: Int?

    public enum XpressPages: String, Codable, Hashable, Sendable, CaseIterable {
        /// From ready pieces.
        case ready
        /// Each page as a whole, in blocks of one size: slower, for an agent that should not understand pieces.
        case uniform
    }

    public init(
        hosts: [String], publicPort: Int? = nil, restrictToApproved: Bool = false, targeting: Targeting = .server,
        eventDays: Int = defaultEventDays, eventsPerDevice: Int = defaultEventsPerDevice
    ) {
        self.hosts = hosts
        self.publicPort = publicPort
        self.restrictToApproved = restrictToApproved
        self.targeting = targeting
        self.eventDays = eventDays
        self.eventsPerDevice = eventsPerDevice
    }

    public static let defaultEventDays = 90
    public static let defaultEventsPerDevice = 1000

    var devicePolicy: DevicePolicy {
        DevicePolicy(targeting: targeting, eventRetention: Int64(eventDays) * 86_400, eventsOfDevice: eventsPerDevice)
    }

    /// Every field but the names may be left out of the file.
    ///
    /// A name that is none of them is refused: a misspelt setting would be as if it were not there.
    public init(from decoder: any Decoder) throws {
        let known = Set(CodingKeys.allCases.map(\.rawValue))
        let all = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        if let unknown = all.first(where: { !known.contains($0) }) {
            throw EngineError(.refused, "\(unknown) is no setting; there are \(known.sorted().joined(separator: ", "))")
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        hosts = try container.decode([String].self, forKey: .hosts)
        publicPort = try container.decodeIfPresent(Int.self, forKey: .publicPort)
        restrictToApproved = try container.decodeIfPresent(Bool.self, forKey: .restrictToApproved) ?? false
        if let name = try container.decodeIfPresent(String.self, forKey: .targeting) {
            guard let targeting = Targeting(rawValue: name) else { throw EngineError(.refused, "targeting is server or client, not \(name)") }
            self.targeting = targeting
        } else {
            targeting = .server
        }
        eventDays = try container.decodeIfPresent(Int.self, forKey: .eventDays) ?? Self.defaultEventDays
        eventsPerDevice = try container.decodeIfPresent(Int.self, forKey: .eventsPerDevice) ?? Self.defaultEventsPerDevice
        if let word = try container.decodeIfPresent(String.self, forKey: .xpress) {
            guard let known = XpressPages(rawValue: word) else { throw EngineError(.refused, "xpress is ready or uniform, not \(word)") }
            xpress = known
        }
        connections = try container.decodeIfPresent(Int.self, forKey: .connections)
        connectionsPerAddress = try container.decodeIfPresent(Int.self, forKey: .connectionsPerAddress)
        handshakesPerSecond = try container.decodeIfPresent(Int.self, forKey: .handshakesPerSecond)
        if let handshakesPerSecond, !(1...1_000_000).contains(handshakesPerSecond) {
            throw EngineError(.refused, "handshakesPerSecond is from 1 to 1000000, not \(handshakesPerSecond)")
        }
        for limit in [connections, connectionsPerAddress].compactMap(\.self) where limit < 1 {
            throw EngineError(.refused, "\(limit) connections: at least one is needed")
        }
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case hosts
        case publicPort
        case restrictToApproved
        case targeting
        case eventDays
        case eventsPerDevice
        case xpress
        case connections
        case connectionsPerAddress
        case handshakesPerSecond
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }

    static func load(from home: Home) throws(EngineError) -> Configuration {
        guard let data = FileManager.default.contents(atPath: home.configurationFile) else {
            throw EngineError(.failed, "cannot read \(home.configurationFile)")
        }
        do {
            let configuration = try JSONDecoder().decode(Configuration.self, from: data)
            guard !configuration.hosts.isEmpty else { throw EngineError(.refused, "hosts is empty") }
            if let port = configuration.publicPort, !(1...65535).contains(port) {
                throw EngineError(.refused, "publicPort \(port) is no port")
            }
            guard (1...3650).contains(configuration.eventDays) else { throw EngineError(.refused, "eventDays is not from 1 to 3650") }
            guard (1...100_000).contains(configuration.eventsPerDevice) else {
                throw EngineError(.refused, "eventsPerDevice is not from 1 to 100000")
            }
            return configuration
        } catch let error as EngineError {
            throw EngineError(error.code, "\(home.configurationFile): \(error.message)")
        } catch {
            throw EngineError(.refused, "\(home.configurationFile) cannot be read as configuration: \(error)")
        }
    }

    func save(to home: Home) throws(EngineError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            let data = try encoder.encode(self) + Data("\n".utf8)
            let created = FileManager.default.createFile(
                atPath: home.configurationFile, contents: data, attributes: [.posixPermissions: 0o600])
            guard created else { throw EngineError(.failed, "cannot write \(home.configurationFile)") }
        } catch let error as EngineError {
            throw error
        } catch {
            throw EngineError(.failed, "cannot write \(home.configurationFile): \(error)")
        }
    }
}
