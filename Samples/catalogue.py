"""The sample catalogue: who publishes what, and what each update shows. Nothing in it is real."""

from document import HANDLERS, OS_INSTALLER, Document, Payload, any_of, bytes_of, element, guid, identity, rule

# GUIDs that every update server knows; the revision is below any that was ever published.
WELL_KNOWN = {
    "classification-critical": ("e6cf1350-c01b-414d-a61f-263d14d133b4", "Critical Updates", "Wichtige Updates"),
    "classification-security": ("0fa1201d-4330-4fa8-8ae9-b877473b6441", "Security Updates", "Sicherheitsupdates"),
    "classification-updates": ("cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83", "Updates", "Updates"),
    "classification-drivers": ("ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0", "Drivers", "Treiber"),
}
ABSENT = guid("an update that this catalogue does not have")
EXAMPLE_KEY = "SOFTWARE\\Example Corporation"
MEBIBYTE = 1 << 20


def classification(name):
    return any_of(WELL_KNOWN[name][0] if name in WELL_KNOWN else name, category=True)


def filed(product, kind):
    """What files an update: its product and its classification."""
    return [any_of(product, category=True), classification(kind)]


def registry(name, **attributes):
    return rule(name, Key="HKEY_LOCAL_MACHINE", **attributes)


def product_version(product, comparison, version):
    return registry("bar:RegSzToVersion", Subkey=f"{EXAMPLE_KEY}\\{product}", Value="Version", Comparison=comparison, Data=version)


def behavior(impact="Normal", reboot="CanRequestReboot", tag="upd:InstallationBehavior", **more):
    return element(tag, {"Impact": impact, "RebootBehavior": reboot} | more)


def command(program, arguments="/quiet", *children):
    """What a command line installation is made of."""
    returned = ['<cmd:ReturnCode Code="0" Result="Succeeded" />', '<cmd:ReturnCode Code="3010" Result="Succeeded" Reboot="true" />']
    attributes = {"Program": program, "Arguments": arguments, "RebootByDefault": "false", "DefaultResult": "Failed"}
    return dict(
        handler=HANDLERS + "CommandLineInstallation", handler_type="cmd:CommandLineInstallation",
        handler_xml=[element("cmd:InstallCommand", attributes, *returned, *children)])


def knowledge(kb, severity="", bulletins=()):
    """Properties of an update that has an article: attributes and children."""
    return dict(
        properties={"ExplicitlyDeployable": "true", "AutoSelectOnWebSites": "true"} | ({"MsrcSeverity": severity} if severity else {}),
        properties_xml=[
            behavior(), behavior(tag="upd:UninstallationBehavior"), f"<upd:MoreInfoUrl>https://example.com/kb/{kb}</upd:MoreInfoUrl>",
            "<upd:SupportUrl>https://example.com/support</upd:SupportUrl>",
            *(f"<upd:SecurityBulletinID>{bulletin}</upd:SecurityBulletinID>" for bulletin in bulletins),
            f"<upd:KBArticleID>{kb}</upd:KBArticleID>", "<upd:Language>en</upd:Language>", "<upd:Language>de</upd:Language>"],
        urls=True)


def both(english, german, sentence="Sample text: it installs nothing.", satz="Beispieltext: es wird nichts installiert."):
    return {"en": (english, sentence), "de": (german, satz)}


# Files that more than one update names, and the one that a download takes in several ranges.
SETUP_ENGINE = Payload("ExampleSetupEngine.exe", bytes_of("ExampleSetupEngine.exe", 96_000))
SHARED_FONTS = Payload("example-fonts.cab", bytes_of("example-fonts.cab", 90_000))
LARGE = Payload("example-map-world.cab", bytes_of("example-map-world.cab", 2 * MEBIBYTE + 12_345))


def payload(name, size):
    return Payload(name, bytes_of(name, size))


def categories():
    def category(name, kind, titles, parents, update_id="", revision=1, **information):
        kinds = {"CategoryType": kind} if kind else {}
        return Document(
            name, titles, type="Category", update_id=update_id, revision=revision, created="2025-06-02T09:00:00Z",
            properties={"IsPublic": "true", "ExplicitlyDeployable": "false", "PerUser": "false"},
            prerequisites_xml=[any_of(parent, category=True) for parent in parents], installed="<lar:True />",
            handler=HANDLERS + "Category", handler_type="cat:Category",
            handler_xml=[element("cat:CategoryInformation", kinds | information)])

    yield category(
        "company-example", "Company", both("Example Corporation", "Example Corporation"), [],
        ProhibitsSubcategories="false", ProhibitsUpdates="true", DisplayOrder="1")
    for name, title, german in [
            ("family-desktop", "Example Desktop", "Example Desktop"), ("family-peripherals", "Example Peripherals", "Example Peripheriegeräte")]:
        yield category(
            name, "ProductFamily", both(title, german), ["company-example"],
            ProhibitsSubcategories="false", ProhibitsUpdates="true", DisplayOrder="2")
    for name, family, title, german in [
            ("product-desktop-11", "family-desktop", "Example Desktop 11", "Example Desktop 11"),
            ("product-desktop-12", "family-desktop", "Example Desktop 12", "Example Desktop 12"),
            ("product-writer", "family-desktop", "Example Writer", "Example Writer"),
            ("product-server-tools", "family-desktop", "Example Server Tools", "Example Serverwerkzeuge"),
            ("product-printers", "family-peripherals", "Example Printers", "Example Drucker")]:
        yield category(name, "Product", both(title, german), [family], ProhibitsSubcategories="true", ProhibitsUpdates="false")
    # Some categories have no CategoryType.
    yield category(
        "category-early-access", "", {"en": "Example Early Access"}, ["family-desktop"], ProhibitsSubcategories="true", ExcludedByDefault="true")
    for name, (update_id, english, german) in WELL_KNOWN.items():
        yield category(
            name, "UpdateClassification", {"en": english, "de": german}, [], update_id=update_id,
            ProhibitsSubcategories="true", ProhibitsUpdates="false")
    for name, english, german in [
            ("classification-content", "Example Content Packs", "Example Inhaltspakete"),
            ("classification-tests", "Example Test Releases", "Example Testversionen")]:
        yield category(
            name, "UpdateClassification", both(english, german), [], ProhibitsSubcategories="true", ProhibitsUpdates="false")


def detectoids():
    desktop = f"{EXAMPLE_KEY}\\Desktop"
    looped = rule(
        "bar:RegKeyLoop", rule("bar:RegSz", Key="HKEY_LOOP_TARGET", Subkey="", Value="State", Comparison="BeginsWith", Data="Ready"),
        Key="HKEY_LOCAL_MACHINE", Subkey=f"{desktop}\\Plug-ins", TrueIf="Any")
    for name, title, installed, after in [
            ("processor-x64", "Processor: AMD64", rule("bar:Processor", Architecture=9), []),
            ("processor-arm64", "Processor: ARM64", rule("bar:Processor", Architecture=12), []),
            ("windows-10", "Windows 10 client or later",
             rule("bar:WindowsVersion", Comparison="GreaterThanOrEqualTo", MajorVersion=10, MinorVersion=0, ProductType=1), []),
            ("windows-11", "Windows 11 client or later",
             rule("bar:WindowsVersion", Comparison="GreaterThanOrEqualTo", MajorVersion=10, MinorVersion=0, BuildNumber=22000, ProductType=1),
             ["detectoid-windows-10"]),
            ("windows-server", "Windows Server",
             rule("bar:WindowsVersion", Comparison="GreaterThanOrEqualTo", MajorVersion=10, MinorVersion=0, ProductType=3), []),
            ("desktop-11", "Example Desktop 11 is installed",
             rule("lar:And", product_version("Desktop", "GreaterThanOrEqualTo", "11.0"), product_version("Desktop", "LessThan", "12.0")),
             ["product-desktop-11"]),
            ("desktop-12", "Example Desktop 12 is installed", product_version("Desktop", "GreaterThanOrEqualTo", "12.0"), ["product-desktop-12"]),
            ("writer", "Example Writer is installed",
             rule("bar:FileVersion", Csidl=38, Path="Example\\Writer\\writer.exe", Comparison="GreaterThan", Version="1.0.0.0"), ["product-writer"]),
            ("server-tools", "Example Server Tools are switched on",
             rule("lar:And", registry("bar:RegKeyExists", Subkey=f"{EXAMPLE_KEY}\\ServerTools"),
                  rule("lar:Not", registry("bar:RegDword", Subkey=f"{EXAMPLE_KEY}\\ServerTools", Value="Off", Comparison="EqualTo", Data=1))),
             ["product-server-tools", "detectoid-windows-server"]),
            ("german", "German user interface", rule("bar:MuiLanguageInstalled", Language="de-DE"), []),
            ("workstation", "At least four processors and a licence",
             rule("lar:And", rule("bar:NumberOfProcessors", Comparison="GreaterThanOrEqualTo", Number=4),
                  rule("bar:LicenseDword", Value="Example-Licence", Comparison="EqualTo", Data=1)), ["detectoid-desktop-12"]),
            ("plug-in", "A plug-in of Example Desktop is ready", looped, ["detectoid-desktop-12"]),
            ("printer", "An Example printer is attached",
             rule("bar:WmiQuery", Namespace="root\\cimv2", WqlQuery='select * from Win32_Printer where DriverName like "Example %"'),
             ["product-printers"])]:
        yield Document(
            f"detectoid-{name}", {"en": title}, type="Detectoid", created="2025-06-02T09:30:00.5Z",
            properties={"ExplicitlyDeployable": "false", "DetectoidType": "Sample"},
            prerequisites_xml=[identity(prerequisite) for prerequisite in after], installed=installed)


def desktop_12():
    """Monthly bundles: members for two processors, one member shared by all three, each month superseding those before."""
    version = "12.0.900.0"
    yield Document(
        "desktop-12-setup-engine", both("Example Setup Engine 12.0.900 (KB9000100)", "Example Setup-Modul 12.0.900 (KB9000100)"),
        **knowledge("9000100"), prerequisites_xml=filed("product-desktop-12", "classification-critical") + [identity("detectoid-desktop-12")],
        installed=product_version("Setup", "GreaterThanOrEqualTo", version), installable=product_version("Setup", "LessThan", version),
        files=[(SETUP_ENGINE, {})], **command("ExampleSetupEngine.exe"))
    yield Document(
        "desktop-12-common", {"en": "Example Desktop 12 common files (member of a bundle)"},
        prerequisites_xml=[any_of("product-desktop-12"), identity("detectoid-desktop-12")],
        installed=registry("bar:RegKeyExists", Subkey=f"{EXAMPLE_KEY}\\Desktop\\Common"), installable=rule("lar:True"),
        files=[(payload("desktop-12-common.cab", 40_000), {}), (SHARED_FONTS, {})],
        **command("desktop-12-common.cab"), properties_xml=[behavior("Minor", "NeverReboots")])
    months = [("2026-01", "9000101", "12.0.1001.0"), ("2026-02", "9000102", "12.0.1002.0"), ("2026-03", "9000103", "12.0.1003.0")]
    for index, (month, kb, build) in enumerate(months):
        members = []
        for processor, size in [("x64", 70_000), ("arm64", 60_000)]:
            name = f"desktop-12-{month}-{processor}"
            members.append(name)
            yield Document(
                name, {"en": f"Example Desktop 12 build {build} for {processor} (member of a bundle)"}, created=f"{month}-13T17:00:00.87Z",
                prerequisites_xml=[
                    any_of("product-desktop-12"), identity("detectoid-desktop-12"), identity(f"detectoid-processor-{processor}"),
                    identity("desktop-12-setup-engine")],
                installed=product_version("Desktop", "GreaterThanOrEqualTo", build),
                installable=rule("lar:And", product_version("Desktop", "LessThan", build), rule("lar:Not", registry(
                    "bar:RegValueExists", Subkey=f"{EXAMPLE_KEY}\\Desktop\\Blocked", Value=build, Type="REG_SZ"))),
                files=[(payload(f"desktop-12-{month}-{processor}.cab", size), {"PatchingType": "SelfContained"})],
                **command(f"desktop-12-{month}-{processor}.cab", f'/quiet /log "%TEMP%\\example {month}.log"'), properties_xml=[behavior()])
        yield Document(
            f"desktop-12-{month}", both(
                f"{month} Security Update for Example Desktop 12 (KB{kb})", f"{month} Sicherheitsupdate für Example Desktop 12 (KB{kb})"),
            created=f"{month}-13T18:00:00.002Z", **knowledge(kb, ["Moderate", "Important", "Critical"][index], [f"EX26-{index + 1:03}"]),
            superseded=[f"desktop-12-{earlier}" for earlier, *_ in months[:index]],
            prerequisites_xml=filed("product-desktop-12", "classification-security") + [any_of("detectoid-windows-10", "detectoid-windows-server")],
            bundled_xml=[
                element("upd:AtLeastOne", {}, *(identity(member, 100) for member in members)), identity("desktop-12-common", 100)])


def desktop_11():
    """Standalone updates; each supersedes only the one before, so the first is superseded twice over by following the chain."""
    previous = []
    for number, (month, severity) in enumerate([("2025-10", "Low"), ("2025-11", "Important"), ("2025-12", "Important")]):
        kb, build = f"900011{number}", f"11.4.{number + 1}.0"
        name = f"desktop-11-{month}"
        yield Document(
            name, both(f"{month} Security Update for Example Desktop 11 (KB{kb})", f"{month} Sicherheitsupdate für Example Desktop 11 (KB{kb})"),
            created=f"{month}-14T18:00:00.1234567Z", **knowledge(kb, severity, [f"EX25-{number + 10:03}", f"EX25-{number + 20:03}"]),
            superseded=previous, prerequisites_xml=filed("product-desktop-11", "classification-security") + [identity("detectoid-desktop-11")],
            installed=product_version("Desktop", "GreaterThanOrEqualTo", build), installable=product_version("Desktop", "LessThan", build),
            files=[(payload(f"desktop-11-{month}.exe", 60_000 + number), {})], **command(f"desktop-11-{month}.exe"))
        previous = [name]


def suite():
    """A bundle whose member is a bundle."""
    def leaf(name, size, **more):
        return Document(
            name, {"en": f"Example Suite 2026: {name[6:]} (member of a bundle)"},
            prerequisites_xml=[any_of("product-desktop-12"), identity("detectoid-desktop-12")],
            installed=registry("bar:RegKeyExists", Subkey=f"{EXAMPLE_KEY}\\Suite\\{name[6:]}"), installable=rule("lar:True"),
            files=[(payload(f"{name}.cab", size), {})], **command(f"{name}.cab"), **more)

    yield leaf("suite-calendar", 21_000)
    yield leaf("suite-mail", 34_567)
    yield leaf("suite-dictionary", 7)
    yield Document(
        "suite-office", {"en": "HIDDEN: Example Suite 2026 office part (bundle in a bundle)"},
        prerequisites_xml=[any_of("product-desktop-12")],
        bundled_xml=[identity("suite-calendar", 100), identity("suite-mail", 100)])
    yield Document(
        "suite-2026", both("Example Suite 2026 (KB9000120)", "Example Suite 2026 (KB9000120)"), **knowledge("9000120"),
        prerequisites_xml=filed("product-desktop-12", "classification-updates") + [identity("detectoid-workstation")],
        bundled_xml=[element("upd:AtLeastOne", {}, identity("suite-office", 100)), identity("suite-dictionary", 100)])


def revisions():
    """What a publisher takes back and corrects."""
    def one(name, kb, revision, titles, **more):
        file = payload(f"{name}-r{revision}.exe", 12_000 + revision)
        return Document(
            name, titles, revision=revision, created=f"2026-02-1{revision % 10}T18:00:00.31Z", **knowledge(kb),
            prerequisites_xml=filed("product-server-tools", "classification-updates") + [identity("detectoid-server-tools")],
            installed=product_version("ServerTools", "GreaterThanOrEqualTo", f"3.{revision}"), installable="<lar:True />",
            files=[(file, {})], **command(file.name), **more)

    for revision, publisher in [(100, "Exmaple"), (101, "Example")]:
        yield one("server-tools-corrected", "9000130", revision, both(
            f"Update for {publisher} Server Tools (KB9000130)", f"Update für {publisher} Serverwerkzeuge (KB9000130)"))
    withdrawn = both("Withdrawn update for Example Server Tools (KB9000131)", "Zurückgezogenes Update für Example Serverwerkzeuge (KB9000131)")
    yield one("server-tools-withdrawn", "9000131", 100, withdrawn)
    yield one("server-tools-withdrawn", "9000131", 101, withdrawn, expired=True)
    yield one("server-tools-expired", "9000132", 100, both(
        "Expired update for Example Server Tools (KB9000132)", "Abgelaufenes Update für Example Serverwerkzeuge (KB9000132)"), expired=True)


def licences():
    """The same licence text in the language and for the region it is shown in."""
    return [
        (Payload(name, f"{title}\n\n{sentence}\n".encode()), attributes) for name, title, sentence, attributes in [
            ("licence-en.txt", "Example licence", "This text licenses nothing: it is a sample.", {"Language": "en"}),
            ("licence-de.txt", "Beispiellizenz", "Dieser Text lizenziert nichts: er ist ein Beispiel.", {"Language": "de"}),
            ("licence-en-gb.txt", "Example licence (GB)", "This text licenses nothing: it is a sample.", {"Language": "en", "GeoId": "GBR"})]]


def eula_files(document):
    return [file for file, _ in licences()] if document.eula_xml else []


def writer():
    """Windows Installer: an application, a patch for it, and an update with a licence to accept."""
    product_code = "{" + guid("writer product code") + "}"
    patch_code = "{" + guid("writer patch code") + "}"
    yield Document(
        "writer-5", both("Example Writer 5.0 (KB9000140)", "Example Writer 5.0 (KB9000140)"), **knowledge("9000140"),
        prerequisites_xml=filed("product-writer", "classification-updates") + [identity("detectoid-windows-10")],
        installed=rule("mar:MsiApplicationInstalled"), superseded_rule=rule("mar:MsiApplicationSuperseded"),
        installable=rule("mar:MsiApplicationInstallable"),
        metadata_xml=rule("mar:MsiApplicationMetadata", f'<mar:ProductCode Version="5.0.0">{product_code}</mar:ProductCode>'),
        files=[(payload("ExampleWriter.msi", 110_000), {})], handler=HANDLERS + "WindowsInstaller", handler_type="msp:WindowsInstallerApp",
        handler_xml=[element("msp:MsiData", {
            "ProductCode": product_code, "MsiFile": "ExampleWriter.msi", "CommandLine": 'COMPANY="Example & Co"',
            "UninstallCommandLine": "REMOVE=ALL"})])
    applicability = "http://www.microsoft.com/msi/patch_applicability.xsd"
    patch = element(
        "MsiPatch", {"SchemaVersion": "1.0.0.0", "PatchGUID": patch_code, "MinMsiVersion": "5", "xmlns": applicability},
        element("TargetProduct", {"MinMsiVersion": "5"}, element("TargetProductCode", {"Validate": "true"}, product_code),
                element("TargetVersion", {"Validate": "true", "ComparisonType": "Equal", "ComparisonFilter": "MajorMinorUpdate"}, "5.0.0"),
                "<UpdatedVersion>5.0.1</UpdatedVersion>", "<TargetLanguage Validate=\"false\">1033</TargetLanguage>"),
        f"<TargetProductCode>{product_code}</TargetProductCode>", "<PatchFamily>Writer</PatchFamily>")
    yield Document(
        "writer-5-patch", both("Security Update for Example Writer 5.0 (KB9000141)", "Sicherheitsupdate für Example Writer 5.0 (KB9000141)"),
        **knowledge("9000141", "Important", ["EX26-007"]),
        prerequisites_xml=filed("product-writer", "classification-security") + [identity("detectoid-writer"), identity("writer-5")],
        installed=rule("mar:MsiPatchInstalled"), superseded_rule=rule("mar:MsiPatchSuperseded"), installable=rule("mar:MsiPatchInstallable"),
        metadata_xml=rule("mar:MsiPatchMetadata", patch),
        files=[(payload("ExampleWriter-5.0.1.msp", 88_000), {"PatchingType": "SelfContained"})],
        handler=HANDLERS + "WindowsInstaller", handler_type="msp:WindowsInstaller",
        handler_xml=[element("msp:MspData", {"PatchCode": patch_code, "UninstallCommandLine": "/qn"})])
    details = knowledge("9000142")
    details["properties"] |= {"EulaID": guid("licence")}
    yield Document(
        "writer-fonts", both("Fonts for Example Writer (KB9000142)", "Schriften für Example Writer (KB9000142)"), **details,
        eula_xml=[file.element("upd:EulaFile", attributes) for file, attributes in licences()],
        prerequisites_xml=filed("product-writer", "classification-content") + [identity("detectoid-writer")],
        installed=rule("bar:FileExists", Csidl=36, Path="Fonts\\example.ttf"), installable="<lar:True />",
        files=[(SHARED_FONTS, {})], **command("example-fonts.cab"))


def drivers():
    """A printer driver, its successor for more devices, and one for a scanner that needs a certain computer."""
    def matched(hardware, date, version, *children, **more):
        return element("drv:WindowsDriverMetaData", {
            "HardwareID": hardware, "DriverVerDate": date, "DriverVerVersion": version, "WhqlDriverID": 9000001, "Class": "Printer",
            "Company": "Example Corporation", "Provider": "Example", "Manufacturer": "Example & Söhne",
            "Model": "Example Printer 3000"} | more, *children)

    def score(value):
        return element("drv:FeatureScore", {"OperatingSystem": "AMD64.10.0", "FeatureScore": value})

    computer = guid("a computer model")
    for name, title, german, metadata, superseded in [
            ("driver-printer-1", "Example - Printer - 1.0.0.4", "Example - Drucker - 1.0.0.4",
             [matched("USB\\VID_FFFF&PID_0001", "2025-05-20", "1.0.0.4", score("80"))], []),
            ("driver-printer-2", "Example - Printer - 2.1.0.17", "Example - Drucker - 2.1.0.17",
             [matched("USB\\VID_FFFF&PID_0001", "2026-02-03", "2.1.0.17", "<drv:CompatibleProvider>Example</drv:CompatibleProvider>", score("7F")),
              matched("USB\\VID_FFFF&PID_0002&REV_0100", "2026-02-03", "2.1.0.17", score("7F"), Model="Example Printer 4000")],
             ["driver-printer-1"]),
            ("driver-scanner", "Example - Image - 4.0.2.0", "Example - Bildverarbeitung - 4.0.2.0",
             [matched("USB\\VID_FFFF&PID_0100", "2026-01-15", "4.0.2.0", score("FF"),
                      f"<drv:DistributionComputerHardwareId>{computer}</drv:DistributionComputerHardwareId>",
                      f"<drv:TargetComputerHardwareId>{computer}</drv:TargetComputerHardwareId>", Class="Image", Model="Example Scanner 10")], [])]:
        yield Document(
            name, both(title, german), type="Driver", superseded=superseded, properties={"ExplicitlyDeployable": "true"},
            properties_xml=[behavior(reboot="CanRequestReboot", CanRequestUserInput="false")],
            prerequisites_xml=filed("product-printers", "classification-drivers") + [identity("detectoid-processor-x64")],
            installed=rule("drv:WindowsDriverInstalled"), superseded_rule=rule("drv:WindowsDriverSuperseded"),
            installable=rule("drv:WindowsDriverInstallable"), metadata_xml="".join(metadata),
            files=[(payload(f"{name}.cab", 45_000), {})], handler=HANDLERS + "WindowsDriver", handler_type="drv:WindowsDriver")


def servicing():
    """The handlers of Windows servicing: two packages, one with a large manifest, an upgrade, and two of older days."""
    def package(name, kb, components):
        files = "".join(element("component", {}, element("assemblyIdentity", {
            "name": f"Example-Component-{number:04}", "version": f"10.0.{number}.1", "language": "neutral", "processorArchitecture": "amd64",
            "publicKeyToken": "0123456789abcdef"})) for number in range(components))
        return rule("cbsar:CbsPackageApplicabilityMetadata", element(
            "assembly", {
                "xmlns": "urn:schemas-microsoft-com:asm.v3", "manifestVersion": "1.0", "displayName": "default",
                "company": "Example Corporation", "supportInformation": f"https://example.com/kb/{kb}?from=cbs&lang=en"},
            element("assemblyIdentity", {
                "name": name, "version": "10.0.1.0", "language": "neutral", "processorArchitecture": "amd64",
                "publicKeyToken": "0123456789abcdef"}),
            element("package", {"identifier": f"KB{kb}", "releaseType": "Update", "restart": "possible"}, files)))

    for name, kb, components in [("component-small", "9000150", 1), ("component-large", "9000151", 700)]:
        yield Document(
            name, both(f"Component update for Example Desktop 12 (KB{kb})", f"Komponentenupdate für Example Desktop 12 (KB{kb})"),
            **knowledge(kb), prerequisites_xml=filed("product-desktop-12", "classification-updates") + [identity("detectoid-windows-11")],
            installed=rule("cbsar:CbsPackageInstalled"), installable=rule("cbsar:CbsPackageInstallable"),
            metadata_xml=package(f"Package_for_{name}", kb, components),
            files=[(payload(f"{name}.cab", 52_000), {"PatchingType": "SelfContained"})], handler=HANDLERS + "Cbs", handler_type="cbs:Cbs",
            handler_xml=[element("cbs:CbsData", {"PackageIdentity": ""})])
    details = knowledge("9000152")
    details["properties"] |= {"OSUpgrade": "true", "ProductName": "Example.Desktop.x64", "ReleaseVersion": "12.1.0.0", "ReleaseRevision": "1"}
    yield Document(
        "desktop-12-upgrade", both("Upgrade to Example Desktop 12.1 (KB9000152)", "Upgrade auf Example Desktop 12.1 (KB9000152)"), **details,
        prerequisites_xml=filed("product-desktop-12", "classification-updates") + [identity("detectoid-desktop-12")],
        installed=element("upd:ProductReleaseInstalled", {"Name": "Example.Desktop.x64", "Version": "12.1.0.0"}),
        installable=rule("lar:And", rule("lar:Not", element(
            "upd:DeviceAttribute", {"Name": "OSSkuId", "Type": "String", "Comparison": "EqualTo", "Value": "119"})), element(
            "upd:DeviceAttribute", {"Name": "OSVersion", "Type": "Version", "Comparison": "GreaterThanOrEqualTo", "Value": "10.0.22000.1"})),
        files=[
            (payload("desktop-12.1.wim", MEBIBYTE), {"PatchingType": "SelfContained"}),
            (payload("desktop-12.1.psf", 70_000), {"PatchingType": "Express"}),
            (payload("desktop-12.1-metadata.cab", 5_000), {"PatchingTypePreferred": "Metadata"})],
        handler=OS_INSTALLER, handler_type="OSInstallerMetadata", handler_xml=['<OSInstallData InitialModule="UpdateAgent.dll" />'])
    for name, prefix, handler, kb, content in [
            ("desktop-11-patch", "psf", "WindowsPatch", "9000153",
             element("psf:WindowsPatchData", {"InstallParameters": "/q /z", "UnpackParameters": "/x"})),
            ("desktop-11-setup", "wsi", "WindowsSetup", "9000154", element("wsi:InstallCommand", {"Program": "desktop-11-setup.exe", "IsSetup360": "false"}))]:
        yield Document(
            name, both(f"Update for Example Desktop 11 (KB{kb})", f"Update für Example Desktop 11 (KB{kb})"), **knowledge(kb),
            prerequisites_xml=filed("product-desktop-11", "classification-updates") + [identity("detectoid-desktop-11")],
            installed=registry("bar:RegKeyExists", Subkey=f"{EXAMPLE_KEY}\\Desktop\\KB{kb}"), installable="<lar:True />",
            files=[(payload(f"{name}.exe", 33_000), {})], handler=HANDLERS + handler, handler_type=f"{prefix}:{handler}", handler_xml=[content])


def content_packs():
    """Sizes around one mebibyte, the piece that agents download at a time, and names that are not plain."""
    for name, title, german, file in [
            ("content-map-world", "Example world map (larger than two pieces)", "Example Weltkarte (mehr als zwei Teile)", LARGE),
            ("content-map-city", "Example city map (one piece and one byte)", "Example Stadtkarte (ein Teil und ein Byte)",
             Payload("example map city.cab", (b"Example Street, Example City\n" * MEBIBYTE)[:MEBIBYTE + 1])),
            ("content-phrases", "Example phrase book (plain text)", "Example Sprachführer (reiner Text)",
             Payload("Beispielsätze.txt", "".join(f"{number}. Guten Tag. Good day.\n" for number in range(1, 2_001)).encode()))]:
        yield Document(
            name, both(title, german), properties={"ExplicitlyDeployable": "true", "AutoSelectOnWebSites": "false", "OSUpgrade": "false"},
            properties_xml=[behavior("Minor", "NeverReboots")],
            prerequisites_xml=filed("product-desktop-12", "classification-content") + [identity("detectoid-desktop-12")],
            installed=rule("bar:FileExists", Csidl=38, Path=f"Example\\{file.name}", Size=len(file.content)), installable="<lar:True />",
            files=[(file, {})], **command(file.name, ""))


def texts():
    """Characters and languages that a careless program breaks."""
    def one(name, titles, **more):
        return Document(**dict(
            name=name, titles=titles, properties={"ExplicitlyDeployable": "true"},
            prerequisites_xml=filed("product-writer", "classification-tests") + [identity("detectoid-writer")],
            installed=registry("bar:RegSz", Subkey=f"{EXAMPLE_KEY}\\Texts", Value=name, Comparison="Contains", Data='a "quoted" <tag> & more'),
            installable="<lar:True />", files=[(SETUP_ENGINE, {})], **command("ExampleSetupEngine.exe", f'/text:"<{name}> & \'more\'"')) | more)

    yield one("text-markup", both("Fix for titles with <b>, & and \"quotes\" or 'apostrophes'", "Korrektur für <b>, & und „Anführungszeichen“"))
    yield one("text-beyond", {"en": (
        "Martlet 🐦 and musical 𝄞 signs beyond the first plane", "Also a zero-width\u200bspace and a soft\u00adhyphen.")})
    yield one("text-direction", {"en": ("A title with a direction mark: abc\u202edef", "A list of names must show the mark, not obey it.")})
    yield one("text-german-only", {"de": ("Nur auf Deutsch: Größe, Maß, Übermut", "Es gibt keinen englischen Text.")})
    yield one("text-languages", {
        "en": "Example greeting", "de": "Example Begrüßung", "fr": "Example : message d’accueil", "pt-br": "Saudação da Example",
        "el": "Χαιρετισμός Example", "ja": "Example のあいさつ", "he": "ברכה של Example"})


def oddities():
    """What a reader must keep although it does not know it, and documents that are written in another way."""
    unknown = "https://example.com/ns/extension"
    details = knowledge("9000160")
    details["properties"] |= {"ExampleFlag": "kept", "IsBeta": "true", "CanSourceBeRequired": "true", "BrowseOnly": "false"}
    details["properties_xml"] = details["properties_xml"] + ['<upd:ExampleHint Kind="sample">Unknown child of Properties</upd:ExampleHint>']
    yield Document(
        "unknown-elements", both("Update with elements of the future (KB9000160)", "Update mit Elementen der Zukunft (KB9000160)"), **details,
        prerequisites_xml=filed("product-desktop-12", "classification-tests") + [any_of("category-early-access", category=True)],
        installed=rule("lar:Or", rule("lar:False"), element("ext:Weather", {"xmlns:ext": unknown, "ext:Sky": "clear", "Above": "10"})),
        installable=rule("lar:True"), metadata_xml=element("upd:ExampleMetadata", {}, "<upd:Part Number=\"1\" />", "<upd:Part Number=\"2\" />"),
        files=[(payload("unknown-elements.exe", 900), {"ExampleAttribute": "kept"})],
        **command("unknown-elements.exe", "/quiet", "<cmd:ExampleStep Name=\"later\" />"))
    yield Document(
        "unmet-prerequisite", {"en": "Update whose prerequisite is not in this catalogue (never delivered)"},
        properties={"ExplicitlyDeployable": "true"},
        prerequisites_xml=filed("product-desktop-12", "classification-updates") + [identity(ABSENT)],
        installed="<lar:False />", installable="<lar:True />", files=[(SETUP_ENGINE, {})], **command("ExampleSetupEngine.exe"))
    yield Document(
        "any-windows", both(
            "Detection only: needed by every Windows 10 and 11 device (KB9000161)", "Nur Erkennung: für jedes Windows 10 und 11 (KB9000161)"),
        **knowledge("9000161"), prerequisites_xml=filed("product-desktop-12", "classification-tests") + [identity("detectoid-windows-10")],
        installed=registry("bar:RegKeyExists", Subkey=f"{EXAMPLE_KEY}\\Detection"), installable="<lar:True />",
        files=[(payload("any-windows.exe", 700), {})], **command("any-windows.exe"))
    for name, title in [
            ("written-indented", "Document with declaration, comment, CDATA and indentation"),
            ("written-utf16", "Document in UTF-16 – naïve readers fail")]:
        yield Document(
            name, {"en": (title, "Uses <b> & \"quotes\".")}, properties={"ExplicitlyDeployable": "true"},
            prerequisites_xml=filed("product-desktop-11", "classification-tests"), installed="<lar:False />", installable="<lar:True />",
            files=[(payload(f"{name}.exe", 800), {})], **command(f"{name}.exe"))


def indented(document):
    """The same document as a person would write it: other quotes, references, CDATA, comments and white space."""
    written = document.write().replace("><", ">\n  <").replace("<upd:UpdateIdentity UpdateID=", "<upd:UpdateIdentity  UpdateID = ", 1)
    written = written.replace('DefaultPropertiesLanguage="en"', "DefaultPropertiesLanguage='en'")
    written = written.replace("Uses &lt;b&gt; &amp; \"quotes\".", "<![CDATA[Uses <b> & \"quotes\".]]>")
    written = written.replace("comment, CDATA", "comment, CDATA &#x26; &#60;more&#62;")
    written = written.replace("  <upd:Relationships>", "  <!-- A comment is no part of any fragment. -->\n  <upd:Relationships>")
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!-- written by hand -->\n{written}\n'


def encoded(document):
    """The bytes of a document's file."""
    if document.name == "written-indented":
        return indented(document).encode()
    if document.name == "written-utf16":
        return ("\ufeff" + '<?xml version="1.0" encoding="utf-16"?>' + document.write()).encode("utf-16-le")
    return document.write().encode()


def documents():
    parts = [
        categories, detectoids, desktop_12, desktop_11, suite, revisions, writer, drivers, servicing, content_packs, texts, oddities]
    return [document for part in parts for document in part()]
