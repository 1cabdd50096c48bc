import Foundation
import TrustedTransport
import UpdateEngine
import Updates

/// A payload of the benchmark home, by where it lies and by how devices ask for it.
struct HeldPayload {
    let file: String
    let size: Int64
    /// `/Content/XX/HEX.cab`.
    let path: String

    /// The one with `size` bytes.
    static func find(_ size: Int, in home: Home) throws -> HeldPayload {
        let files = FileManager.default.enumerator(atPath: home.contentFolder)
        while let name = files?.nextObject() as? String {
            let file = "\(home.contentFolder)/\(name)"
            guard try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int == size else { continue }
            let digits = try FileVerifier.verify(path: file, size: nil, sha1: nil, sha256: nil).sha1.description
            return HeldPayload(file: file, size: Int64(size), path: "/Content/\(digits.suffix(2))/\(digits).cab")
        }
        throw Child.Failure(description: "the home holds no payload of \(size) bytes")
    }
}
