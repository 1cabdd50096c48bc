import Foundation
import TestSupport
import TrustedTransport
import Updates

enum TestFile {
    /// Writes a payload and describes it as a document would.
    static func describe(_ bytes: [UInt8], name: String, in folder: TemporaryFolder) throws -> UpdateFile {
        let path = try folder.write(bytes, to: name)
        let verified = try FileVerifier.verify(path: path, size: nil, sha1: nil, sha256: nil)
        return UpdateFile(sha1: verified.sha1, sha256: verified.sha256, name: name, size: verified.size)
    }
}
