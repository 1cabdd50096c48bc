public import Updates

/// What a simulated device says it has: the stand-in for applicability rules, which are not evaluated.
public enum EvaluationRule: Hashable, Sendable {
    /// Categories and detectoids are installed, software and drivers are not: a fresh device that everything applies to.
    case fresh
    /// Everything is installed.
    case all
    /// Nothing is: such a device is entitled to what has no prerequisite.
    case none
    /// Exactly these, of whatever type.
    case list(Set<UpdateID>)
    /// Categories and, by this number, half of the detectoids: devices of different numbers are of different kinds.
    case sampled(UInt64)

    func isInstalled(_ id: UpdateID, _ type: UpdateType) -> Bool {
        switch self {
        case .fresh: type == .category || type == .detectoid
        case .all: true
        case .none: false
        case .list(let ids): ids.contains(id)
        case .sampled(let number):
            type == .category || type == .detectoid && ((id.low ^ number) &* 0x9e37_79b9_7f4a_7c15 ^ id.high).nonzeroBitCount.isMultiple(of: 2)
        }
    }
}
