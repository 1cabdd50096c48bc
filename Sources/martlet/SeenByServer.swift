import ScanPolicy
import UpdateEngine
import Updates

/// What a server has seen of devices, by name.
struct SeenByServer {
    /// By names in lower case, whole and without the domain: policy folders mostly have the short one. A name that two devices claim is nobody's.
    private var devices: [String: ObservedDevice] = [:]
    /// Those that told a name without a domain.
    private var withoutDomain: [String: ObservedDevice] = [:]
    /// Names that several devices claim, in order.
    private(set) var claimedTwice: [String] = []
    let addressesOnHTTP: Int

    init(_ list: [DeviceSummary], _ report: InsecureReport) {
        addressesOnHTTP = report.addresses
        var lastOnHTTP: [String: Timestamp] = [:]
        for caller in report.callers { lastOnHTTP[caller.address] = max(lastOnHTTP[caller.address] ?? caller.last, caller.last) }
        var ambiguous: Set<String> = []
        for device in list {
            guard let name = device.name?.lowercased(), !name.isEmpty else { continue }
            var observed = ObservedDevice(
                id: device.id?.text, windows: device.osVersion.flatMap { WindowsVersion($0) }, lastSeen: device.lastSeen?.description,
                lastReported: device.lastReported?.description, isDisputed: device.isDisputed)
            if let transport = device.transport {
                observed.tlsVersion = transport.version
                observed.cipherSuite = transport.cipherSuite
                observed.serverName = transport.serverName
                observed.address = transport.address
                observed.lastSeenOnHTTP = lastOnHTTP[transport.address]?.description
            }
            if !name.contains(".") { withoutDomain[name] = observed }
            for key in Set([name, String(name.prefix { $0 != "." })]) where devices.updateValue(observed, forKey: key) != nil {
                ambiguous.insert(key)
            }
        }
        for key in ambiguous {
            devices[key] = nil
            withoutDomain[key] = nil
        }
        claimedTwice = ambiguous.sorted()
    }

    /// The device of a name in a policy file; the domain counts where both have one.
    func device(named name: String) -> ObservedDevice? {
        let name = name.lowercased()
        return devices[name] ?? withoutDomain[String(name.prefix { $0 != "." })]
    }
}
