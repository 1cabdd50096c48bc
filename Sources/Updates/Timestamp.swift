/// A moment in whole milliseconds since 1970-01-01T00:00:00Z, and the three forms the protocols write it in.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let millisecondsSince1970: Int64

    public init(millisecondsSince1970: Int64) {
        self.millisecondsSince1970 = millisecondsSince1970
    }

    public static func < (left: Self, right: Self) -> Bool { left.millisecondsSince1970 < right.millisecondsSince1970 }

    public func adding(milliseconds: Int64) -> Timestamp {
        Timestamp(millisecondsSince1970: millisecondsSince1970 &+ milliseconds)
    }

    public func adding(seconds: Int64) -> Timestamp { adding(milliseconds: seconds &* 1000) }

    /// Milliseconds from `earlier` to this moment; negative where this one is the earlier.
    public func milliseconds(since earlier: Timestamp) -> Int64 {
        millisecondsSince1970 &- earlier.millisecondsSince1970
    }
}

extension Timestamp: CustomStringConvertible {
    /// `yyyy-MM-ddTHH:mm:ss.fffZ`: `LastChange` and cookies' `Expiration`.
    public var description: String { text(.milliseconds) }

    public enum Form: Sendable {
        /// `yyyy-MM-dd`: `Deployment.LastChangeTime` (observed.md section 1).
        case date
        /// `yyyy-MM-ddTHH:mm:ssZ`: `Deployment.Deadline`.
        case seconds
        /// `yyyy-MM-ddTHH:mm:ss.fffZ`.
        case milliseconds
    }

    public func text(_ form: Form) -> String {
        let (days, time) = Self.split(millisecondsSince1970, by: 86_400_000)
        let (year, month, day) = Self.date(daysSince1970: days)
        let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
        if form == .date { return date }
        let seconds = time / 1000
        let clock = "T\(Self.padded(seconds / 3600, 2)):\(Self.padded(seconds / 60 % 60, 2)):\(Self.padded(seconds % 60, 2))"
        return form == .seconds ? "\(date)\(clock)Z" : "\(date)\(clock).\(Self.padded(time % 1000, 3))Z"
    }

    /// Reads an `xs:dateTime` or `xs:date`: fractions of any length (cut to milliseconds), `Z`, an offset, or none (taken as UTC).
    ///
    /// Years 1 to 9999, as the protocols use `9999-12-31T23:59:59.9999999` for "never".
    public init?(_ text: some StringProtocol) {
        var reader = DigitReader(bytes: Array(text.utf8))
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), (1...9999).contains(year), (1...12).contains(month),
            (1...Self.days(in: month, of: year)).contains(day)
        else { return nil }
        var milliseconds = Self.daysSince1970(year: year, month: month, day: day) * 86_400_000
        if reader.take("T") {
            guard let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
                let second = reader.number(2), hour < 24, minute < 60, second < 60
            else { return nil }
            milliseconds += (hour * 3600 + minute * 60 + second) * 1000
            if reader.take(".") {
                guard let fraction = reader.fraction() else { return nil }
                milliseconds += fraction
            }
        }
        if !reader.isAtEnd, !reader.take("Z") {
            let sign: Int64
            if reader.take("+") { sign = -1 } else if reader.take("-") { sign = 1 } else { return nil }
            guard let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), hour <= 14, minute < 60
            else { return nil }
            milliseconds += sign * (hour * 60 + minute) * 60_000
        }
        // An offset may lead out of the years that can be written.
        guard reader.isAtEnd, (-62_135_596_800_000...253_402_300_799_999).contains(milliseconds) else { return nil }
        self.init(millisecondsSince1970: milliseconds)
    }

    private static func split(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let quotient = value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
        return (quotient, value - quotient * divisor)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return digits.count >= width ? digits : String(repeating: "0", count: width - digits.count) + digits
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The proleptic Gregorian calendar by whole 400-year eras, years starting in March.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = split(marchYear, by: 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = split(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth + (marchMonth < 10 ? 3 : -9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an xs:dateTime")
        }
        self = time
    }

    /// `yyyy-MM-ddTHH:mm:ss.fffZ`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Reads digits and single characters off a short text.
private struct DigitReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    mutating func number(_ digits: Int) -> Int64? {
        guard position + digits <= bytes.count else { return nil }
        var value: Int64 = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// The digits after a decimal point, as milliseconds.
    mutating func fraction() -> Int64? {
        var milliseconds: Int64 = 0
        var weight: Int64 = 100
        var isEmpty = true
        while let digit = digit() {
            milliseconds += digit * weight
            weight /= 10
            isEmpty = false
        }
        return isEmpty ? nil : milliseconds
    }

    private mutating func digit() -> Int64? {
        guard position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else { return nil }
        defer { position += 1 }
        return Int64(bytes[position] - UInt8(ascii: "0"))
    }
}
