import FuzzTarget
import PolicyReaders
import ScanPolicy

/// Binary proxy values are refused, or read to a proxy that is written and read again to the same.
fuzz { start, count in
    let input = bytes(start, count)
    let system = outcome(input) { (input) throws(PolicyFileError) in try ProxyBlob.winHTTPSettings(input, file: fuzzedFile) }
    if let system {
        let again = outcome(ProxyBlob.winHTTPSettings(system.settings.fixed)) { (input) throws(PolicyFileError) in
            try ProxyBlob.winHTTPSettings(input, file: fuzzedFile).settings
        }
        require(again == system.settings, "another proxy when read again")
    }
    let user = outcome(input) { (input) throws(PolicyFileError) in try ProxyBlob.defaultConnectionSettings(input, file: fuzzedFile) }
    if let fixed = user?.settings.fixed { require(!fixed.proxy.isEmpty, "a proxy without a name") }
    return 0
}
