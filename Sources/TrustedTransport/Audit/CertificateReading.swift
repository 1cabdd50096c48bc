import Glibc
import ScanPolicy
import SwiftASN1

/// Reads what a certificate says, whatever its key and signature are: a library that verifies refuses those that an audit is there to name.
///
/// Nothing in it is proved. Source: RFC 5280 section 4.1.
struct CertificateReading: Sendable {
    struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        let description: String
    }

    static let maximumSize = 64 * 1024
    static let maximumNames = 1_000
    static let maximumText = 256

    private(set) var certificate = AuditCertificate()

    init(_ der: [UInt8]) throws(Failure) {
        guard der.count <= Self.maximumSize else { throw Failure(description: "a certificate of \(der.count) bytes") }
        do {
            let parts = try Self.children(DER.parse(der))
            guard parts.count == 3 else { throw Failure(description: "a certificate of \(parts.count) parts") }
            var fields = try Self.children(parts[0])[...]
            if fields.first?.identifier == Self.context(0) { fields.removeFirst() }
            guard fields.count >= 6 else { throw Failure(description: "a certificate with too few fields") }
            let first = fields.startIndex
            certificate.signature = Self.signatureName(try Self.algorithm(parts[1]))
            certificate.issuer = try Self.name(fields[first + 2]).text
            let subject = try Self.name(fields[first + 4])
            certificate.subject = subject.text
            certificate.commonName = subject.commonName
            certificate.isSelfIssued = fields[first + 2].encodedBytes.elementsEqual(fields[first + 4].encodedBytes)
            let validity = try Self.children(fields[first + 3])
            guard validity.count == 2 else { throw Failure(description: "a validity of \(validity.count) times") }
            certificate.notBefore = try Self.time(validity[0])
            certificate.notAfter = try Self.time(validity[1])
            certificate.key = try Self.key(fields[first + 5])
            for field in fields.dropFirst(6) where field.identifier == Self.context(3) {
                for extensions in try Self.children(field) {
                    for entry in try Self.children(extensions) { try take(extension: entry) }
                }
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(description: "a certificate that is no DER")
        }
    }

    private mutating func take(extension entry: ASN1Node) throws {
        let parts = try Self.children(entry)
        guard let first = parts.first, let last = parts.last, parts.count >= 2, last.identifier == .octetString else {
            throw Failure(description: "an extension of another form")
        }
        let value = try Self.primitive(last)
        switch "\(try ASN1ObjectIdentifier(derEncoded: first))" {
        case "2.5.29.17": certificate.names = try Self.alternativeNames(DER.parse(value))
        case "2.5.29.37": certificate.usages = try Self.children(DER.parse(value)).prefix(64).map { "\(try ASN1ObjectIdentifier(derEncoded: $0))" }
        case "2.5.29.19":
            let flag = try Self.children(DER.parse(value)).first { $0.identifier == .boolean }
            certificate.isAuthority = try flag.map { try Self.primitive($0).first != 0 } ?? false
        case "2.5.29.31": certificate.hasRevocation = true
        case "1.3.6.1.5.5.7.1.1":
            for access in try Self.children(DER.parse(value)) {
                guard let method = try Self.children(access).first else { continue }
                if "\(try ASN1ObjectIdentifier(derEncoded: method))" == "1.3.6.1.5.5.7.48.1" { certificate.hasRevocation = true }
            }
        default: break
        }
    }

    // MARK: Parts

    private static func alternativeNames(_ node: ASN1Node) throws -> [String] {
        var names: [String] = []
        for entry in try children(node).prefix(maximumNames) {
            if entry.identifier == context(2) {
                names.append(text(try primitive(entry)).lowercased())
            } else if entry.identifier == context(7) {
                names.append(address(Array(try primitive(entry))))
            }
        }
        return names
    }

    private static func address(_ bytes: [UInt8]) -> String {
        switch bytes.count {
        case 4: bytes.map { "\($0)" }.joined(separator: ".")
        case 16: sixteen(bytes)
        default: "an address of \(bytes.count) bytes"
        }
    }

    private static func sixteen(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = bytes.withUnsafeBytes { inet_ntop(AF_INET6, $0.baseAddress, &text, socklen_t(INET6_ADDRSTRLEN)) }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func name(_ node: ASN1Node) throws -> (text: String, commonName: String?) {
        var parts: [String] = []
        var commonName: String?
        for set in try children(node).prefix(32) {
            for attribute in try children(set).prefix(8) {
                let pair = try children(attribute)
                guard pair.count == 2 else { throw Failure(description: "a name of another form") }
                let value =
                    pair[1].identifier == ASN1Identifier(tagWithNumber: 30, tagClass: .universal)
                    ? wide(try primitive(pair[1])) : text(try primitive(pair[1]))
                let number = "\(try ASN1ObjectIdentifier(derEncoded: pair[0]))"
                if number == "2.5.4.3" { commonName = value }
                parts.append("\(attributes[number] ?? number)=\(value)")
            }
        }
        return (parts.joined(separator: ", "), commonName)
    }

    private static func key(_ node: ASN1Node) throws -> AuditCertificate.Key {
        let parts = try children(node)
        guard parts.count == 2, let kind = try children(parts[0]).first else { throw Failure(description: "a key of another form") }
        let number = "\(try ASN1ObjectIdentifier(derEncoded: kind))"
        switch number {
        case "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10":
            // A bit string begins with the count of unused bits.
            let numbers = try children(DER.parse(try primitive(parts[1]).dropFirst()))
            guard let modulus = numbers.first else { throw Failure(description: "an RSA key without a modulus") }
            let digits = try primitive(modulus).drop { $0 == 0 }
            return .rsa(digits.count * 8 - (digits.first?.leadingZeroBitCount ?? 0))
        case "1.2.840.10045.2.1":
            guard let curve = try children(parts[0]).dropFirst().first, curve.identifier == .objectIdentifier else {
                return .other("ECDSA on a curve without a name")
            }
            let name = "\(try ASN1ObjectIdentifier(derEncoded: curve))"
            guard let (known, bits) = curves[name] else { return .other("ECDSA on curve \(name)") }
            return .ellipticCurve(known, bits)
        case "1.2.840.10040.4.1": return .other("DSA")
        case "1.3.101.112": return .other("Ed25519")
        case "1.3.101.113": return .other("Ed448")
        default: return .other("of kind \(number)")
        }
    }

    private static func algorithm(_ node: ASN1Node) throws -> String {
        guard let first = try children(node).first else { throw Failure(description: "an algorithm without a number") }
        return "\(try ASN1ObjectIdentifier(derEncoded: first))"
    }

    /// UTCTime or GeneralizedTime in the form of RFC 5280 section 4.1.2.5.
    private static func time(_ node: ASN1Node) throws -> Int {
        let failure = Failure(description: "a time of another form")
        var digits = try primitive(node)
        guard digits.popLast() == UInt8(ascii: "Z"), digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { throw failure }
        func number(_ from: Int, _ count: Int) -> Int { digits.dropFirst(from).prefix(count).reduce(0) { $0 * 10 + Int($1 - 0x30) } }
        let year: Int
        let rest: Int
        switch (node.identifier, digits.count) {
        case (.utcTime, 12):
            year = number(0, 2) + (number(0, 2) < 50 ? 2000 : 1900)
            rest = 2
        case (.generalizedTime, 14):
            year = number(0, 4)
            rest = 4
        default: throw failure
        }
        let (month, day) = (number(rest, 2), number(rest + 2, 2))
        guard 1...12 ~= month, 1...31 ~= day else { throw failure }
        return days(year, month, day) * 86_400 + number(rest + 4, 2) * 3_600 + number(rest + 6, 2) * 60 + number(rest + 8, 2)
    }

    /// Days since 1970, for a month of 1 to 12; years begin in March, so that the leap day is their last.
    static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let marchYear = month < 3 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    // MARK: ASN.1

    private static func children(_ node: ASN1Node) throws(Failure) -> [ASN1Node] {
        guard case .constructed(let nodes) = node.content else { throw Failure(description: "a value where a list should be") }
        return Array(nodes)
    }

    private static func primitive(_ node: ASN1Node) throws(Failure) -> ArraySlice<UInt8> {
        guard case .primitive(let bytes) = node.content else { throw Failure(description: "a list where a value should be") }
        return bytes
    }

    private static func context(_ number: UInt) -> ASN1Identifier { ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific) }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes.prefix(maximumText), as: UTF8.self) }

    private static func wide(_ bytes: ArraySlice<UInt8>) -> String {
        let bytes = Array(bytes.prefix(2 * maximumText))
        return String(decoding: stride(from: 0, to: bytes.count - 1, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }, as: UTF16.self)
    }

    private static func signatureName(_ number: String) -> String { signatures[number] ?? "of kind \(number)" }

    private static let attributes = [
        "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU", "1.2.840.113549.1.9.1": "E",
        "0.9.2342.19200300.100.1.25": "DC",
    ]
    private static let curves = [
        "1.2.840.10045.3.1.7": ("P-256", 256), "1.3.132.0.34": ("P-384", 384), "1.3.132.0.35": ("P-521", 521), "1.3.132.0.33": ("P-224", 224),
        "1.2.840.10045.3.1.1": ("P-192", 192), "1.3.132.0.10": ("secp256k1", 256),
    ]
    private static let signatures = [
        "1.2.840.113549.1.1.2": "MD2 with RSA", "1.2.840.113549.1.1.4": "MD5 with RSA", "1.2.840.113549.1.1.5": "SHA-1 with RSA",
        "1.2.840.113549.1.1.11": "SHA-256 with RSA", "1.2.840.113549.1.1.12": "SHA-384 with RSA", "1.2.840.113549.1.1.13": "SHA-512 with RSA",
        "1.2.840.113549.1.1.10": "RSA-PSS", "1.2.840.10045.4.1": "SHA-1 with ECDSA", "1.2.840.10045.4.3.2": "SHA-256 with ECDSA",
        "1.2.840.10045.4.3.3": "SHA-384 with ECDSA", "1.2.840.10045.4.3.4": "SHA-512 with ECDSA", "1.3.14.3.2.29": "SHA-1 with RSA",
        "1.2.840.10040.4.3": "SHA-1 with DSA", "1.3.101.112": "Ed25519",
    ]
}
