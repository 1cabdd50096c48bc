import Storage
import TestSupport
import Testing
import Updates

struct IdentityDerivationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var targeting = Targeting.server
        var isContinued = true
        var earlierNames: Set<String> = []
        let change: @Sendable (inout DeviceFacts) -> Void
        let fields: [DeviceChange.Field]
        var reasons: DisputeReasons = []

        init(
            _ name: String, targeting: Targeting = .server, isContinued: Bool = true, earlierNames: Set<String> = [], fields: [DeviceChange.Field],
            reasons: DisputeReasons = [], _ change: @escaping @Sendable (inout DeviceFacts) -> Void
        ) {
            testDescription = name
            self.targeting = targeting
            self.isContinued = isContinued
            self.earlierNames = earlierNames
            self.change = change
            self.fields = fields
            self.reasons = reasons
        }
    }

    static let held = DeviceFacts(
        dnsName: "pc-1.example.test", osMajorVersion: 10, osMinorVersion: 0, osBuildNumber: 26100, osServicePackMajorNumber: 1, osLocale: "en-US",
        manufacturer: "Contoso", model: "Desk 4", biosVersion: "1.0", processorArchitecture: "AMD64", osDescription: "Windows 10 Pro",
        clientVersion: "1507.1.0.0")

    static let cases = [
        Case("nothing said otherwise", fields: []) { _ in },
        Case("a rising build", fields: [.osVersion]) { $0.osBuildNumber = 26101 },
        Case("a falling build", fields: [.osVersion], reasons: .fallingVersion) { $0.osBuildNumber = 26099 },
        Case("a falling build of a rising version", fields: [.osVersion]) { ($0.osMajorVersion, $0.osBuildNumber) = (11, 1) },
        Case("a falling version with a rising build", fields: [.osVersion], reasons: .fallingVersion) {
            ($0.osMajorVersion, $0.osBuildNumber) = (6, 30_000)
        },
        Case("a falling service pack", fields: [.osVersion], reasons: .fallingVersion) { $0.osServicePackMajorNumber = 0 },
        Case("a rising service pack", fields: [.osVersion]) { $0.osServicePackMinorNumber = 1 },
        Case("agent, locale, firmware and description", fields: [.osDescription, .osLocale, .biosVersion, .agent]) {
            ($0.clientVersion, $0.osLocale, $0.biosVersion, $0.osDescription) = ("1.0.0.0", "de-DE", "0.9", "Windows 10 Education")
        },
        Case("another name", fields: [.name], reasons: .otherName) { $0.dnsName = "pc-2.example.test" },
        Case("the name in another case", fields: [.name]) { $0.dnsName = "PC-1.example.test" },
        Case("another name, targeting by the client, the same caller", targeting: .client, fields: [.name]) { $0.dnsName = "pc-2.example.test" },
        Case(
            "another name, targeting by the client, another caller", targeting: .client, isContinued: false, fields: [.name], reasons: .otherName
        ) { $0.dnsName = "pc-2.example.test" },
        Case(
            "a name it had before, targeting by the client", targeting: .client, earlierNames: ["pc-2.example.test"], fields: [.name],
            reasons: .otherName
        ) { $0.dnsName = "PC-2.example.test" },
        Case("another manufacturer", fields: [.manufacturer], reasons: .otherHardware) { $0.manufacturer = "Fabrikam" },
        Case("another model", targeting: .client, fields: [.model], reasons: .otherHardware) { $0.model = "Desk 5" },
        Case("another architecture", fields: [.architecture], reasons: .otherHardware) { $0.processorArchitecture = "ARM64" },
        Case("a model no more", fields: [.model], reasons: .otherHardware) { $0.model = "" },
        Case("all of it", fields: [.name, .osVersion, .model], reasons: [.otherName, .fallingVersion, .otherHardware]) {
            ($0.dnsName, $0.osBuildNumber, $0.model) = ("x", 1, "y")
        },
    ]

    @Test(arguments: cases)
    func `what is said is taken or disputed`(case row: Case) {
        var said = Self.held
        row.change(&said)
        let derivation = IdentityDerivation(
            held: Self.held, said: said, targeting: row.targeting, isContinued: row.isContinued, earlierNames: row.earlierNames)
        #expect(derivation.changes.map(\.field) == row.fields)
        #expect(derivation.reasons == row.reasons)
    }

    @Test func `a model that was not known is learned`() {
        var held = Self.held
        held.model = ""
        let derivation = IdentityDerivation(held: held, said: Self.held, targeting: .server, isContinued: true)
        #expect(derivation.changes == [.init(field: .model, old: "", new: "Desk 4")])
        #expect(derivation.reasons.isEmpty)
    }
}
