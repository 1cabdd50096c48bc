import FuzzTarget
import PolicyReaders
import ScanPolicy

/// Outputs of netsh are refused, or name a proxy where they say that there is one.
fuzz { start, count in
    let input = bytes(start, count)
    let found = outcome(input) { (input) throws(PolicyFileError) in try WinHTTPProxyOutput.read(input, file: fuzzedFile).proxy }
    if let fixed = found?.fixed { require(!fixed.proxy.isEmpty, "a proxy without a name") }
    return 0
}
