import Foundation
import TrustedTransport
import UpdateEngine

/// What `serve` shows once it listens: what to do next.
enum StartScreen {
    /// - Parameters:
    ///   - url: `https://HOST:PORT`.
    ///   - localURL: the same server as this machine reaches it.
    static func text(url: String, localURL: String, home: Home, identity: ServerIdentity) -> String {
        let martlet = program
        let isOwn = identity.certificate.origin == .own
        let authority = isOwn ? home.caFile : "of \(identity.certificate.issuer), as a file ca.pem"
        return """
            Martlet \(Version.text) serves \(home.path)

              URL             \(url)
              Names           \(identity.names.map(\.description).joined(separator: ", ")): fixed when the home was made. For others make another
                              (martlet init --home DIR --host NAME, or: make serve HOST=NAME HOME_FOLDER=DIR)
              CA certificate  \(authority)
                              on every device: certutil -addstore Root ca.pem (or Group Policy: Public Key Policies,
                              Trusted Root Certification Authorities)

            Point devices at it: policy "Specify intranet Microsoft update service location", or in the registry

              HKLM\\Software\\Policies\\Microsoft\\Windows\\WindowsUpdate
                WUServer                                      REG_SZ     \(url)
                WUStatusServer                                REG_SZ     \(url)
                SetProxyBehaviorForUpdateDetection            REG_DWORD  0
                SetPolicyDrivenUpdateSourceForFeatureUpdates  REG_DWORD  1
                SetPolicyDrivenUpdateSourceForQualityUpdates  REG_DWORD  1
                SetPolicyDrivenUpdateSourceForDriverUpdates   REG_DWORD  1
                SetPolicyDrivenUpdateSourceForOtherUpdates    REG_DWORD  1
              HKLM\\Software\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU
                UseWUServer                                   REG_DWORD  1
                UseUpdateClassPolicySource                    REG_DWORD  1

            Decide what devices get:

              \(martlet) updates list --home \(home.path)
              \(martlet) updates approve --home \(home.path) --classification "Security Updates" --group "All Computers" --dry-run

            Play a device against it (it downloads what is approved):

              \(martlet) scan --server \(localURL) --ca \(isOwn ? home.caFile : "ca.pem") --state ./device --download ./downloads --report

            """
    }

    /// As this process was started, so that the lines can be pasted from any folder.
    private static var program: String {
        let started = CommandLine.arguments.first ?? "martlet"
        return started.contains("/") ? URL(filePath: started).standardizedFileURL.path(percentEncoded: false) : started
    }
}
