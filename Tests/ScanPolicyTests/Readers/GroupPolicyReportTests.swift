import ScanPolicy
import TestSupport
import Testing

@Suite struct GroupPolicyReportTests {
    private static let registry = #"xmlns:q1="http://www.microsoft.com/GroupPolicy/Settings/Registry" xsi:type="q1:RegistrySettings""#

    private static let serverPolicy = """
        <q1:Policy>\(precedence(1))<q1:Name>Specify intranet Microsoft update service location</q1:Name><q1:State>Enabled</q1:State>
          <q1:Category>Windows Components/Windows Update/Manage updates offered from Windows Server Update Service</q1:Category>
          <q1:EditText><q1:Name>Set the intranet update service for
              detecting updates:</q1:Name><q1:State>Enabled</q1:State><q1:Value>https://wsus.example.test:8531</q1:Value></q1:EditText>
          <q1:EditText><q1:Name>Set the intranet statistics server:</q1:Name><q1:State>Enabled</q1:State>
              <q1:Value>https://wsus.example.test:8531</q1:Value></q1:EditText>
          <q1:EditText><q1:Name>Set the alternate download server:</q1:Name><q1:State>Disabled</q1:State></q1:EditText>
          <q1:Text><q1:Name>(example: https://IntranetUpd01)</q1:Name></q1:Text>
          <q1:CheckBox><q1:Name>Download files with no Url in the metadata if alternate download server is set.</q1:Name>
              <q1:State>Disabled</q1:State></q1:CheckBox>
          <q1:CheckBox><q1:Name>Do not enforce TLS certificate pinning for Windows Update client for detecting updates.</q1:Name>
              <q1:State>Enabled</q1:State></q1:CheckBox>
          <q1:DropDownList><q1:Name>Select the proxy behavior for Windows Update client for detecting updates:</q1:Name><q1:State>Enabled</q1:State>
              <q1:Value><q1:Name>Allow user proxy to be used as a fallback if detection using system proxy fails</q1:Name></q1:Value></q1:DropDownList>
        </q1:Policy>
        """

    private static func precedence(_ number: Int?) -> String { number.map { "<q1:Precedence>\($0)</q1:Precedence>" } ?? "" }

    private static func rsop(_ settings: String) -> String {
        """
        <?xml version="1.0"?><Rsop xmlns="http://www.microsoft.com/GroupPolicy/Rsop" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
        <ComputerResults><ExtensionData><Name xmlns="http://www.microsoft.com/GroupPolicy/Settings">Registry</Name>
        <Extension xmlns="http://www.microsoft.com/GroupPolicy/Settings" \(registry)>\(settings)</Extension></ExtensionData></ComputerResults></Rsop>
        """
    }

    private static func object(_ settings: String, isEnabled: Bool = true) -> String {
        """
        <GPO xmlns="http://www.microsoft.com/GroupPolicy/Settings" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Name>P</Name>
        <Computer><Enabled>\(isEnabled)</Enabled><ExtensionData><Extension \(registry)>\(settings)</Extension></ExtensionData></Computer></GPO>
        """
    }

    private func facts(_ text: String) throws(PolicyFileError) -> DeviceFacts {
        try DeviceRecord(name: "pc", readings: [try PolicyReading.read(Array(text.utf8), file: "report.xml")]).facts
    }

    @Test(arguments: [rsop(serverPolicy), object(serverPolicy), "<report>\(object(serverPolicy))</report>"])
    func `the policy of the server becomes its values`(_ text: String) throws {
        let policy = try facts(text).policy
        #expect(policy[.wuServer] == "https://wsus.example.test:8531")
        #expect(policy[.wuStatusServer] == "https://wsus.example.test:8531")
        #expect(policy[.updateServiceURLAlternate] == nil)
        #expect(policy[.useWUServer] == 1)
        #expect(policy[.fillEmptyContentURLs] == 0)
        #expect(policy[.doNotEnforceEnterpriseTLSCertPinningForUpdateDetection] == 1)
        #expect(policy[.setProxyBehaviorForUpdateDetection] == 1)
    }

    @Test func `a report in UTF-16 reads alike`() throws {
        let text = "<?xml version=\"1.0\" encoding=\"utf-16\"?>" + Self.object(Self.serverPolicy)
        let reading = try PolicyReading.read(Fixtures.utf16(text), file: "report.xml")
        #expect(try DeviceRecord(name: "pc", readings: [reading]).facts.policy == facts(Self.object(Self.serverPolicy)).policy)
    }

    @Test func `other policies of updates become their values`() throws {
        func choice(_ name: String, _ value: String) -> String {
            "<q1:DropDownList><q1:Name>\(name)</q1:Name><q1:Value><q1:Name>\(value)</q1:Name></q1:Value></q1:DropDownList>"
        }
        let text = Self.object(
            """
            <q1:Policy><q1:Name>Configure Automatic Updates</q1:Name><q1:State>Enabled</q1:State>
            \(choice("Configure automatic updating:", "4 - Auto download and schedule the install"))\(choice("Scheduled install time:", "03:00"))
            </q1:Policy>
            <q1:Policy><q1:Name>Specify source service for specific classes of Windows Updates</q1:Name><q1:State>Enabled</q1:State>
            \(choice("Feature Updates", "Windows Server Update Services"))\(choice("Quality Updates", "Windows Update"))</q1:Policy>
            <q1:Policy><q1:Name>Enable client-side targeting</q1:Name><q1:State>Enabled</q1:State><q1:EditText>
            <q1:Name>Target group name for this computer</q1:Name><q1:State>Enabled</q1:State><q1:Value>Pilot</q1:Value></q1:EditText></q1:Policy>
            <q1:Policy><q1:Name>Do not connect to any Windows Update Internet locations</q1:Name><q1:State>Disabled</q1:State></q1:Policy>
            <q1:Policy><q1:Name>Something else</q1:Name><q1:State>Enabled</q1:State>
            <q1:Category>Windows Components/Windows Update</q1:Category></q1:Policy>
            """)
        let policy = try facts(text).policy
        #expect(policy[.noAutoUpdate] == 0)
        #expect(policy[.auOptions] == 4)
        #expect(policy[.useUpdateClassPolicySource] == 1)
        #expect(policy[.setPolicyDrivenUpdateSourceForFeatureUpdates] == 1)
        #expect(policy[.setPolicyDrivenUpdateSourceForQualityUpdates] == 0)
        #expect(policy[.targetGroup] == "Pilot")
        #expect(policy[.doNotConnectToWindowsUpdateInternetLocations] == 0)
    }

    @Test func `gpresult counts the winner only`() throws {
        let loser = Self.serverPolicy.replacing("<q1:Precedence>1<", with: "<q1:Precedence>2<").replacing("wsus.example", with: "old.example")
        #expect(try facts(Self.rsop(Self.serverPolicy + loser)).policy[.wuServer] == "https://wsus.example.test:8531")
    }

    @Test func `settings without a template and preferences are read as values`() throws {
        let text = """
            <GPO xmlns="http://www.microsoft.com/GroupPolicy/Settings" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Computer>
            <Enabled>true</Enabled><ExtensionData><Extension \(Self.registry)><q1:RegistrySetting>
            <q1:KeyPath>\(Fixtures.key)</q1:KeyPath><q1:AdmSetting>false</q1:AdmSetting>
            <q1:Value><q1:Name>WUServer</q1:Name><q1:String>\(Fixtures.url)</q1:String></q1:Value>
            <q1:Value><q1:Name>DisableDualScan</q1:Name><q1:Number>1</q1:Number></q1:Value></q1:RegistrySetting>
            <q1:RegistrySetting><q1:KeyPath>Software\\Other</q1:KeyPath><q1:Value><q1:Name>x</q1:Name><q1:Odd/></q1:Value></q1:RegistrySetting>
            </Extension></ExtensionData><ExtensionData>
            <Extension xmlns:q2="http://www.microsoft.com/GroupPolicy/Settings/Windows/Registry" xsi:type="q2:RegistrySettings">
            <q2:RegistrySettings clsid="{A3CCFC41-DFDB-43a5-8D26-0FE8B954DA51}"><q2:Registry name="UseWUServer"><q2:GPOSettingOrder>1</q2:GPOSettingOrder>
            <q2:Properties action="U" default="0" hive="HKEY_LOCAL_MACHINE" key="\(Fixtures.key)\\AU" name="UseWUServer" type="REG_DWORD"
            value="00000001"/><q2:Filters/></q2:Registry></q2:RegistrySettings></Extension></ExtensionData></Computer></GPO>
            """
        let policy = try facts(text).policy
        #expect(policy[.wuServer] == Fixtures.url)
        #expect(policy[.disableDualScan] == 1)
        #expect(policy[.useWUServer] == 1)
    }

    @Test func `a part that is switched off says nothing`() throws {
        #expect(try facts(Self.object(Self.serverPolicy, isEnabled: false)).policy.isEmpty)
    }

    static let refused: [(name: String, text: String, code: PolicyFileError.Code)] = [
        ("two objects", "<report>\(object(serverPolicy))\(object(serverPolicy))</report>", .unsupported),
        (
            "another language",
            object(
                """
                <q1:Policy><q1:Name>Spécifier l’emplacement intranet du service de mise à jour Microsoft</q1:Name><q1:State>Enabled</q1:State>
                <q1:Category>Composants Windows/Windows Update</q1:Category></q1:Policy>
                """), .unsupported
        ),
        ("state", object(serverPolicy.replacing("location</q1:Name><q1:State>Enabled", with: "location</q1:Name><q1:State>On")), .value),
        ("label", object(serverPolicy.replacing("Set the alternate download server:", with: "Set the third server:")), .unsupported),
        ("choice", object(serverPolicy.replacing("Allow user proxy", with: "Use any proxy")), .unsupported),
        ("twice", object(serverPolicy + serverPolicy.replacing("wsus.example", with: "other.example")), .contradiction),
        ("entity", "<!DOCTYPE a [<!ENTITY b \"c\">]>" + object(serverPolicy), .unsupported),
        ("cut", String(object(serverPolicy).dropLast(5)), .truncated),
        ("other root", "<html/>", .unknownFormat),
    ]

    @Test(arguments: refused.indices)
    func `what cannot be known is refused`(_ index: Int) {
        let row = Self.refused[index]
        let error = refusal { () throws(PolicyFileError) in try facts(row.text) }
        #expect(error?.code == row.code, "\(row.name): \(String(describing: error))")
    }

    @Test func `limits hold to the element`() throws {
        let text = Self.object(Self.serverPolicy)
        func check(_ path: WritableKeyPath<PolicyFileLimits, Int>, _ needed: Int) throws {
            var limits = PolicyFileLimits.standard
            limits[keyPath: path] = needed
            #expect(try !GroupPolicyReport.read(Array(text.utf8), file: "a", limits: limits).isEmpty)
            limits[keyPath: path] = needed - 1
            #expect(
                refusal { () throws(PolicyFileError) in try GroupPolicyReport.read(Array(text.utf8), file: "a", limits: limits) }?.code == .tooLarge)
        }
        try check(\.file, text.utf8.count)
        try check(\.depth, 8)
        try check(\.elements, 2 + 1 + 1 + 1 + 1 + text.matches("<q1:").count)
        try check(\.values, 6)
    }

    @Test(.enabled(if: Evidence.isPresent, Comment(rawValue: Evidence.absence)))
    func `real reports and rules are read`() throws {
        let report = try PolicyReading.read(try Evidence.bytes("policy/nsacyber-Windows-Computer-gpreport.xml"), file: "gpreport.xml")
        #expect(report.format == .groupPolicyReport)
        // It sets nothing of Windows Update.
        #expect(try DeviceRecord(name: "pc", readings: [report]).facts.policy.isEmpty)
        let rules = try PolicyReading.read(try Evidence.bytes("policy/mxk-Win11-WindowsUpdate.PolicyRules.xml"), file: "rules.xml")
        #expect(rules.format == .policyAnalyzerRules)
        #expect(rules.entries.count == 25)
        let policy = try DeviceRecord(name: "pc", readings: [rules]).facts.policy
        #expect(policy[.auOptions] == 3)
        #expect(policy[.noAutoUpdate] == 0)
    }
}

@Suite struct GroupPolicyPreferencesTests {
    private func read(_ items: String) throws(PolicyFileError) -> [RegistryEntry] {
        let text = #"<RegistrySettings clsid="{A3CCFC41-DFDB-43a5-8D26-0FE8B954DA51}">\#(items)</RegistrySettings>"#
        return try GroupPolicyPreferences.read(Array(text.utf8), file: "Registry.xml")
    }

    private func item(_ attributes: String, inner: String = "", outer: String = "") -> String {
        let key = #"hive="HKEY_LOCAL_MACHINE" key="\#(Fixtures.key)""#
        return "<Registry name=\"x\" \(outer)><Properties \(key) \(attributes)/>\(inner)</Registry>"
    }

    @Test func `actions and types are read`() throws {
        let entries = try read(
            item(#"action="U" name="a" type="REG_SZ" value="t""#) + item(#"action="C" name="b" type="REG_DWORD" value="0000000A""#)
                + item(#"action="R" name="c" type="REG_BINARY" value="00ff""#) + item(#"action="D" name="d""#) + item(#"action="D" name="""#)
                + "<Collection name=\"c\">\(item(#"name="e" type="REG_SZ" value="u""#))</Collection>"
                + item(#"name="f" type="REG_SZ" value="off""#, outer: "disabled=\"1\""))
        #expect(
            entries.map(\.action) == [
                .set(.string("t")), .setIfAbsent(.dword(10)), .set(RegistryData(type: .binary, bytes: [0, 255])), .deleteValue, .deleteKey,
                .set(.string("u")),
            ])
    }

    @Test func `targeting, wrong digits and unknown actions are refused`() {
        func code(_ items: String) -> PolicyFileError.Code? { refusal { () throws(PolicyFileError) in try read(items) }?.code }
        let filter = "<Filters><FilterComputer name=\"PC1\"/></Filters>"
        #expect(code(item(#"name="a" type="REG_SZ" value="t""#, inner: filter)) == .unsupported)
        #expect(code("<Collection>\(filter)\(item(#"name="a" type="REG_SZ" value="t""#))</Collection>") == .unsupported)
        #expect(code(item(#"name="a" type="REG_DWORD" value="1g""#)) == .value)
        #expect(code(item(#"name="a" type="REG_DWORD" value="000000001""#)) == .value)
        #expect(code(item(#"name="a" type="REG_BINARY" value="0""#)) == .value)
        #expect(code(item(#"action="X" name="a" type="REG_SZ" value="t""#)) == .unsupported)
    }
}

extension String {
    fileprivate func matches(_ text: String) -> [Range<String.Index>] { ranges(of: text) }
}
