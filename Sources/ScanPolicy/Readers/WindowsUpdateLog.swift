/// Extracts of WindowsUpdate.log: what a device was seen to do.
///
/// Few lines say something about the device's settings, and some look as if they did (docs/policy-files.md names both). Taken are: the server that the managed
/// service is asked at, that the pin store is empty or that pinning is mandatory, and the version of Windows. Never taken are lines on proxies:
/// the number in `Proxy Behavior set to 1` and the name in `Proxy Behavior: Allow...` are not the policy's, and were seen for services of Microsoft as well.
///
/// Of several lines the last counts, as the log goes on in time. Lines without a date (extracts, headings) are skipped.
public struct WindowsUpdateLog: Sendable, Hashable {
    /// Something a line says, and where the line begins.
    public struct Finding<Value: Sendable & Hashable>: Sendable, Hashable {
        public let value: Value
        public let byteOffset: Int
    }

    /// The address of the update server, without a path.
    public var server: Finding<ServerURL>?
    public var statusServer: Finding<ServerURL>?
    public var pinStore: Finding<PinStore>?
    public var windows: Finding<WindowsVersion>?
    /// Lines with a date.
    public var lines = 0

    public static func read(
        _ bytes: [UInt8], file: String, limits: PolicyFileLimits = .standard
    ) throws(PolicyFileError) -> WindowsUpdateLog {
        let text = try TextFile(bytes, file: file, limits: limits)
        var log = WindowsUpdateLog()
        for line in text.lines() where isDated(text.bytes[line]) {
            log.lines += 1
            log.take(line, text)
        }
        if log.lines == 0 { throw text.error(.unknownFormat, at: 0, "lines that begin with a date, as in WindowsUpdate.log") }
        return log
    }

    /// `2021/07/13 18:06:21` or, before Windows 10, `2016-09-08	10:48:19`.
    static func isDated(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.count >= pattern.count else { return false }
        return zip(line, pattern).allSatisfy { byte, form in
            switch form {
            case UInt8(ascii: "d"): (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            case UInt8(ascii: "-"): byte == UInt8(ascii: "-") || byte == UInt8(ascii: "/")
            case UInt8(ascii: " "): byte == 0x20 || byte == 0x09
            default: byte == form
            }
        }
    }

    private static let pattern = Array("dddd-dd-dd dd:dd:dd".utf8)

    /// What a line is taken for, by words in it; of several the first here.
    private enum Mark: Int {
        // The service that a server named by policy is known as.
        case managedService, clientServer, targeting, reporting, noPins, pins, locator

        var words: StaticString {
            switch self {
            case .managedService: "ServiceId = {3DA21691-E39D-4DA6-8A4B-B43877BCB1B7}"
            case .clientServer: "Got WSUS Client/Server URL: "
            case .targeting: "Got WSUS SimpleTargeting URL: "
            case .reporting: "Got WSUS Reporting URL: "
            case .noPins: "WSUS certificate store is empty"
            case .pins: "WSUS TLS cert-pinning mandatory: Yes"
            case .locator: "/SLS/{"
            }
        }
    }

    /// Looks at each byte once, as a byte: most lines say nothing of this, and logs are long.
    private static func mark(in line: UnsafeBufferPointer<UInt8>.SubSequence) -> Mark? {
        var found: Mark?
        for start in line.indices {
            let marks: [Mark]
            switch line[start] {
            case UInt8(ascii: "S"): marks = [.managedService]
            case UInt8(ascii: "G"): marks = [.clientServer, .targeting, .reporting]
            case UInt8(ascii: "W"): marks = [.noPins, .pins]
            case UInt8(ascii: "/"): marks = [.locator]
            default: continue
            }
            for mark in marks where mark.rawValue < found?.rawValue ?? .max {
                let words = UnsafeBufferPointer(start: mark.words.utf8Start, count: mark.words.utf8CodeUnitCount)
                if line[start...].starts(with: words) { found = mark }
            }
        }
        return found
    }

    private mutating func take(_ line: Range<Int>, _ text: TextFile) {
        guard let mark = text.bytes.withUnsafeBufferPointer({ Self.mark(in: $0[line]) }) else { return }
        func finding<Value>(_ value: Value?) -> Finding<Value>? {
            value.map { Finding(value: $0, byteOffset: text.byteOffset(line.lowerBound)) }
        }
        func url(after label: String) -> Finding<ServerURL>? { finding(Self.url(in: text.string(line), after: label)) }
        switch mark {
        case .managedService: server = url(after: "Server URL = ") ?? server
        case .clientServer, .targeting: server = url(after: mark.words.description) ?? server
        case .reporting: statusServer = url(after: mark.words.description) ?? statusServer
        case .noPins: pinStore = finding(.empty)
        case .pins: pinStore = finding(.unknown)
        case .locator: windows = finding(Self.version(in: text.string(line))) ?? windows
        }
    }

    private static func url(in line: String, after label: String) -> ServerURL? {
        guard let found = line.firstRange(of: label) else { return nil }
        return ServerURL(line[found.upperBound...].prefix { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "," })
    }

    /// The path that a device asks Microsoft's locator at names its Windows: `/SLS/{...}/x64/10.0.22631.3235/0?`. Older ones write 0 for a revision they do not tell.
    private static func version(in line: String) -> WindowsVersion? {
        guard let found = line.firstRange(of: "/SLS/{") else { return nil }
        let parts = line[found.upperBound...].prefix { $0 != "?" && $0 != " " }.split(separator: "/")
        guard parts.count >= 3, var version = WindowsVersion(parts[2]) else { return nil }
        if version.revision == 0 { version.revision = nil }
        return version
    }
}
