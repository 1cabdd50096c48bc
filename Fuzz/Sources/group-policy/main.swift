import FuzzTarget
import PolicyReaders
import ScanPolicy

/// Reports, preferences and rules in XML are refused or read within their bounds.
fuzz { start, count in
    let input = bytes(start, count)
    for limits in [PolicyFileLimits.standard, fuzzedLimits] {
        let report = outcome(input) { (input) throws(PolicyFileError) in
            try GroupPolicyReport.read(input, file: fuzzedFile, limits: limits)
        }
        let preferences = outcome(input) { (input) throws(PolicyFileError) in
            try GroupPolicyPreferences.read(input, file: fuzzedFile, limits: limits)
        }
        let rules = outcome(input) { (input) throws(PolicyFileError) in
            try PolicyAnalyzerRules.read(input, file: fuzzedFile, limits: limits)
        }
        for entries in [report, preferences, rules] { require((entries ?? []).count <= limits.values, "more values than the limit") }
    }
    return 0
}
