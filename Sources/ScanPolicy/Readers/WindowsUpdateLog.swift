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
        let pattern = Array("dddd-dd-dd dd:dd:dd".utf8)
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

    /// Looks for bytes first: that costs far less than looking for characters, and most lines say nothing of this.
    private mutating func take(_ line: Range<Int>, _ text: TextFile) {
        func has(_ words: StaticString) -> Bool { text.contains(words, in: line) }
        func finding<Value>(_ value: Value?) -> Finding<Value>? {
            value.map { Finding(value: $0, byteOffset: text.byteOffset(line.lowerBound)) }
        }
        func url(after label: StaticString) -> Finding<ServerURL>? { finding(Self.url(in: text.string(line), after: label.description)) }
        // The service that a server named by policy is known as.
        if has("ServiceId = {3DA21691-E39D-4DA6-8A4B-B43877BCB1B7}") {
            server = url(after: "Server URL = ") ?? server
        } else if has("Got WSUS Client/Server URL: ") {
            server = url(after: "Got WSUS Client/Server URL: ") ?? server
        } else if has("Got WSUS SimpleTargeting URL: ") {
            server = url(after: "Got WSUS SimpleTargeting URL: ") ?? server
        } else if has("Got WSUS Reporting URL: ") {
            statusServer = url(after: "Got WSUS Reporting URL: ") ?? statusServer
        } else if has("WSUS certificate store is empty") {
            pinStore = finding(.empty)
        } else if has("WSUS TLS cert-pinning mandatory: Yes") {
            pinStore = finding(.unknown)
        } else if has("/SLS/{") {
            windows = finding(Self.version(in: text.string(line))) ?? windows
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
