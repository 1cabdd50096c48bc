import TestSupport
import UpdateProtocols

/// All members of a cabinet, by name.
func contents(of cabinet: [UInt8], limits: CabinetLimits = .offlineScan) throws -> [String: [UInt8]] {
    let reader = try CabinetReader(CabinetBytes(cabinet), limits: limits)
    var contents: [String: [UInt8]] = [:]
    for member in reader.members {
        var bytes: [UInt8] = []
        try reader.read(member) { bytes.append(contentsOf: $0) }
        contents[member.name] = bytes
    }
    return contents
}

/// The error that reading all of a cabinet ends with; nothing where there is none.
func failure(of cabinet: [UInt8], limits: CabinetLimits = .offlineScan) -> CabinetError? {
    do {
        _ = try contents(of: cabinet, limits: limits)
        return nil
    } catch {
        return error as? CabinetError
    }
}

/// Bytes that neither repeat nor compress well, the same each time.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
}
