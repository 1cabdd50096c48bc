import UpdateEngine

/// What `serve` shows once it listens: what to do next.
enum StartScreen {
    /// - Parameter url: `https://HOST:PORT`.
    static func text(url: String, home: Home) -> String {
        """
        Martlet \(Version.text) serves \(home.path)

          URL             \(url)
          CA certificate  \(home.caFile)
                          import it into LocalMachine\\Root of every device (Group Policy: Public Key Policies,
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

          martlet updates list --home \(home.path)
          martlet updates approve --home \(home.path) --classification "Security Updates" --group "All Computers"

        Play a device against it:

          martlet scan --server \(url) --ca \(home.caFile) --state ./device --download ./downloads --report

        """
    }
}
