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
    /// Known devices that may begin anew at once from one address, without a cookie of theirs; ``defaultNewLinesPerAddress`` where nothing is said.
    public var newLinesPerAddress: Int?

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
    public static let defaultNewLinesPerAddress = 100

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
        func number(_ key: CodingKeys) throws -> Int? {
            let number: Int?
            // What is no whole number is no wrong setting to the decoder, but a wrong file.
            do { number = try container.decodeIfPresent(Int.self, forKey: key) } catch { throw key.refusal }
            if let number, key.range?.contains(number) == false { throw key.refusal }
            return number
        }
        hosts = try container.decode([String].self, forKey: .hosts)
        if hosts.isEmpty { throw CodingKeys.hosts.refusal }
        publicPort = try number(.publicPort)
        restrictToApproved = try container.decodeIfPresent(Bool.self, forKey: .restrictToApproved) ?? false
        targeting = .server
        if let name = try container.decodeIfPresent(String.self, forKey: .targeting) {
            guard let known = Targeting(rawValue: name) else { throw CodingKeys.targeting.refusal }
            targeting = known
        }
        eventDays = try number(.eventDays) ?? Self.defaultEventDays
        eventsPerDevice = try number(.eventsPerDevice) ?? Self.defaultEventsPerDevice
        if let word = try container.decodeIfPresent(String.self, forKey: .xpress) {
            guard let known = XpressPages(rawValue: word) else { throw CodingKeys.xpress.refusal }
            xpress = known
        }
        connections = try number(.connections)
        connectionsPerAddress = try number(.connectionsPerAddress)
        handshakesPerSecond = try number(.handshakesPerSecond)
        newLinesPerAddress = try number(.newLinesPerAddress)
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
        case newLinesPerAddress

        /// Of a number.
        var range: ClosedRange<Int>? {
            switch self {
            case .publicPort: 1...65535
            case .eventDays: 1...3650
            case .eventsPerDevice: 1...100_000
            case .connections, .connectionsPerAddress: 1...Int.max
            case .handshakesPerSecond, .newLinesPerAddress: 1...1_000_000
            default: nil
            }
        }

        /// What it is to be, in words.
        private var expected: String {
            switch self {
            case .hosts: "a list of names or addresses, such as [\"updates.example.org\"]"
            case .restrictToApproved: "true or false"
            case .targeting: "\"server\" or \"client\""
            case .xpress: "\"ready\" or \"uniform\""
            case .connections, .connectionsPerAddress: "a whole number, at least 1"
            default: range.map { "a whole number from \($0.lowerBound) to \($0.upperBound)" } ?? ""
            }
        }

        var refusal: EngineError { EngineError(.refused, "\(rawValue) must be \(expected)") }
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

    /// The settings of a home as they stand in its file.
    public static func load(from home: Home) throws(EngineError) -> Configuration {
        guard let data = FileManager.default.contents(atPath: home.configurationFile) else {
            throw EngineError(.failed, "cannot read \(home.configurationFile)")
        }
        do {
            return try JSONDecoder().decode(Configuration.self, from: data)
        } catch let error as EngineError {
            throw EngineError(error.code, "\(home.configurationFile): \(error.message)")
        } catch {
            throw EngineError(.refused, "\(home.configurationFile): \(words(of: error, in: data))")
        }
    }

    /// One line: which setting is wrong and what it is to be, or where the file is no JSON.
    private static func words(of error: any Error, in data: Data) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): return refusal(of: key)
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            return context.codingPath.first.map(refusal) ?? "it must be one JSON object of settings, such as {\"hosts\": [\"updates.example.org\"]}"
        default:
            // The decoder does not say where.
            do { _ = try JSONSerialization.jsonObject(with: data) } catch {
                if let reason = (error as NSError).userInfo[NSDebugDescriptionErrorKey] { return "it is no JSON: \(reason)" }
            }
            return "it is no JSON"
        }
    }

    private static func refusal(of key: any CodingKey) -> String {
        CodingKeys(stringValue: key.stringValue)?.refusal.message ?? "\(key.stringValue) is wrong"
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
