/// Programs that many trust, and that start whatever they are told to: an that starts one brings no program of its own to judge.
///
/// The attack that this is for: an update whose file is a program signed by Microsoft, and whose command line has the attacker's words.
public struct Launcher: Hashable, Sendable {
    /// Where a program is described as one.
    public enum Source: String, Sendable, Codable {
        /// P. Stone, A. Chapman: "WSUSpect: Compromising the Windows Enterprise via Windows Update" (Black Hat USA 2015).
        case wsuspect = "WSUSpect, Black Hat USA 2015"
        /// Microsoft: "Applications that can bypass App Control and how to block them".
        case blockList = "Microsoft, applications that can bypass App Control"
        /// The LOLBAS project: lolbas-project.github.io.
        case lolbas = "LOLBAS"
    }

    /// Without folder and `.exe`, in lower case.
    public let name: String
    public let source: Source
    /// The word alone, without `.exe`, is hardly anything else: it counts among arguments too.
    let isDistinctive: Bool

    /// Every one that is known.
    public static let all: [Launcher] =
        list(.wsuspect, "psexec psexec64 psexesvc paexec", "bginfo bginfo64")
        + list(
            .blockList,
            """
            addinprocess addinprocess32 addinutil aspnet_compiler cdb csi dbghost dbgsvc dbgsrv dnx dotnet fsi fsianycpu infdefaultinstall
            installutil intunewindowsagent kd lxrun microsoft.workflow.compiler msbuild mshta ntkd ntsd powershellcustomhost rcsi runscripthelper
            texttransform visualuiaverifynative webclnt wfc windbg wmic wslconfig wslhost
            """, "bash wsl")
        + list(
            .lolbas,
            """
            appinstaller atbroker bitsadmin certoc certreq certutil cmd cmdkey cmdl32 cmstp conhost cscript desktopimgdownldr devinit
            devtoolslauncher diantz diskshadow dnscmd dxcap esentutl extexport extrac32 forfiles gfxdownloadwrapper gpscript ieadvpack
            imewdbld makecab mavinject mmc mshtml msdt msiexec odbcconf offlinescannershell pcalua pcwrun pcwutl powershell
            powershell_ise pnputil presentationhost procdump procdump64 pubprn pwsh rasautou rdrleakdiag regasm register-cimprovider
            regsvcs regsvr32 rpcping rundll32 runexehelper schtasks scriptrunner settingsynchost setupapi sqlps sqltoolsps squirrel
            stordiag syncappvpublishingserver ttdinject tttracer vbc vsjitdebugger wab werfault winrm wlrmdr workfolders
            wscript wsreset wuauclt xwizard
            """, "at control finger ftp hh ilasm jsc net net1 print reg regedit sc ssh replace start tracker wget curl explorer regini")

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// Extensions of files that are read by a launcher, whatever they are called.
    static let scripts: Set<String> = [
        "bat", "cmd", "cpl", "hta", "jar", "js", "jse", "lnk", "msc", "pif", "ps1", "psm1", "py", "rb", "scf", "sct", "url", "vbe", "vbs",
        "ws", "wsc", "wsf", "wsh",
    ]

    /// The launcher that a program of this name is, `.exe` or not.
    static func named(_ name: String) -> Launcher? {
        byName[name] ?? (name.hasSuffix(".exe") || name.hasSuffix(".com") ? byName[String(name.dropLast(4))] : nil)
    }

    /// The launcher that a word among arguments names.
    static func named(inArguments name: String) -> Launcher? {
        guard let launcher = named(name) else { return nil }
        return launcher.isDistinctive || name != launcher.name ? launcher : nil
    }

    private static func list(_ source: Source, _ distinctive: String, _ words: String = "") -> [Launcher] {
        distinctive.split(whereSeparator: \.isWhitespace).map { Launcher(name: String($0), source: source, isDistinctive: true) }
            + words.split(whereSeparator: \.isWhitespace).map { Launcher(name: String($0), source: source, isDistinctive: false) }
    }
}
