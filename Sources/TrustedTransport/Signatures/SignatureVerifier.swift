import COpenSSL
import CoreFoundation
import Crypto
import Foundation
import Glibc
public import Updates

/// A signature on a file that was found right in everything: only ``SignatureVerifier`` makes one.
public struct VerifiedSignature: Sendable, Hashable {
    /// What the signer may speak for.
    public enum Standing: String, Sendable, Codable {
        /// Microsoft itself.
        case microsoft
        /// Somebody whom a root of Microsoft's vouches for.
        case vouched
        /// The home's own publisher.
        case publisher
    }

    /// Of the whole file, as it was read for this: says which bytes the verdict is about.
    public let file: Updates.SHA256Digest
    public let standing: Standing
    /// The common name in the signer's certificate: any text.
    public let signer: String
    /// What the signature is over.
    public let algorithm: DigestAlgorithm
    /// By its timestamp; nothing where it has none and was measured by the clock.
    public let signedAt: Timestamp?

    fileprivate init(file: Updates.SHA256Digest, standing: Standing, signer: String, algorithm: DigestAlgorithm, signedAt: Timestamp?) {
        self.file = file
        self.standing = standing
        self.signer = signer
        self.algorithm = algorithm
        self.signedAt = signedAt
    }
}

/// What became of looking for a signature.
public enum SignatureVerdict: Sendable, Hashable {
    case verified(VerifiedSignature)
    /// A program or cabinet without one, or a file of another kind.
    case unsigned
    case refused(SignatureRefusal)
}

/// Judges the Authenticode signatures of programs (PE) and cabinets. Everything here blocks; call it off event loops.
public enum SignatureVerifier {
    private static let chunkSize = 1 << 20
    /// 2021-01-01: by then nobody whom these roots vouch for signed with SHA-1 any more. A signature with it counts by a timestamp before.
    private static let endOfSHA1: Int64 = 1_609_459_200

    /// Reads a file once, whatever its size, and judges its signature.
    ///
    /// - Parameters:
    ///   - path: a regular file; a link is refused.
    ///   - now: what a signature without a timestamp is measured by.
    public static func verify(path: String, trust: SigningTrust, at now: Timestamp) -> SignatureVerdict {
        do throws(SignatureRefusal) {
            return try verify(try FileSource(path: path), trust, now)
        } catch {
            return .refused(error)
        }
    }

    /// As above, of a regular file that is open: what is read through the same descriptor is what was judged.
    public static func verify(descriptor: Int32, trust: SigningTrust, at now: Timestamp) -> SignatureVerdict {
        do throws(SignatureRefusal) {
            return try verify(try FileSource(duplicating: descriptor), trust, now)
        } catch {
            return .refused(error)
        }
    }

    private static func verify(_ file: FileSource, _ trust: SigningTrust, _ now: Timestamp) throws(SignatureRefusal) -> SignatureVerdict {
        guard let layout = try SignedLayout(of: file), let place = layout.signature else { return .unsigned }
        let handle = try SignatureHandle(der: try file.bytes(place).bytes)
        let data = try IndirectData(der: handle.content)
        guard data.contentType == layout.kind.contentType else {
            throw SignatureRefusal(.malformed, "the signature is of another kind of file")
        }
        let (digest, whole) = try file.digests(of: layout.covered, data.algorithm)
        guard digest == data.digest else { throw SignatureRefusal(.digest, "the file is not what was signed") }
        return .verified(try judge(handle, data.algorithm, whole, trust, now))
    }

    /// Whether the signer is one to trust, at the time it signed.
    private static func judge(
        _ handle: SignatureHandle, _ algorithm: DigestAlgorithm, _ file: Updates.SHA256Digest, _ trust: SigningTrust, _ now: Timestamp
    ) throws(SignatureRefusal) -> VerifiedSignature {
        let present = now.millisecondsSince1970 / 1000
        let signers = trust.anchors.filter { $0.purposes.contains(.codeSigning) }
        var time = present
        var signedAt: Timestamp?
        if let (timestamp, stamped) = try handle.timestamp() {
            // A stamp by somebody unknown is no stamp: then the clock decides, as without one.
            do throws(SignatureRefusal) {
                guard stamped <= present + 86_400 else { throw SignatureRefusal(.timestamp, "the timestamp is of the future") }
                let stampers = trust.anchors.filter { $0.purposes.contains(.timeStamping) }
                let stamper = try timestamp.anchor(among: stampers, for: COPENSSL_TIME_STAMPING, at: stamped, "the timestamp")
                guard !(stamper.isBySHA1 || timestamp.isTimestampBySHA1) || stamped < endOfSHA1 else {
                    throw SignatureRefusal(.weak, "the timestamp is by SHA-1, and of 2021 or later")
                }
                time = stamped
                signedAt = Timestamp(millisecondsSince1970: stamped * 1000)
            } catch {
                guard (try? handle.anchor(among: signers, for: COPENSSL_CODE_SIGNING, at: present, "the signature")) != nil else { throw error }
            }
        }
        let (anchor, isChainBySHA1) = try handle.anchor(among: signers, for: COPENSSL_CODE_SIGNING, at: time, "the signature")
        if handle.isForLifetime, time != present {
            _ = try handle.anchor(among: signers, for: COPENSSL_CODE_SIGNING, at: present, "the signature")
        }
        if algorithm == .sha1 || handle.digest == .sha1 || isChainBySHA1 {
            guard signedAt != nil, time < endOfSHA1 else {
                throw SignatureRefusal(.weak, "the signature or a certificate of its chain is by SHA-1, and no timestamp before 2021 is with it")
            }
        }
        let standing: VerifiedSignature.Standing =
            if anchor.isPublisher {
                .publisher
            } else if anchor.purposes.contains(.microsoft), handle.organisation == "Microsoft Corporation" {
                .microsoft
            } else {
                .vouched
            }
        return VerifiedSignature(file: file, standing: standing, signer: handle.signer, algorithm: algorithm, signedAt: signedAt)
    }

    // MARK: - Reading

    /// A regular file that is open.
    private final class FileSource: ByteSource {
        let size: Int64
        private let descriptor: Int32

        convenience init(path: String) throws(SignatureRefusal) {
            // Without O_NONBLOCK a pipe in the file's place would wait for ever.
            try self.init(owning: open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK))
        }

        convenience init(duplicating descriptor: Int32) throws(SignatureRefusal) {
            try self.init(owning: fcntl(descriptor, F_DUPFD_CLOEXEC, 0))
        }

        private init(owning descriptor: Int32) throws(SignatureRefusal) {
            self.descriptor = descriptor
            guard descriptor >= 0 else { throw SignatureRefusal(.unreadable, "the file cannot be opened") }
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                close(descriptor)
                throw SignatureRefusal(.unreadable, "it is not a file")
            }
            size = Int64(status.st_size)
        }

        deinit {
            close(descriptor)
        }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SignatureRefusal) {
            var done = 0
            while done < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw SignatureRefusal(.unreadable, "the file cannot be read, or changed while it was") }
                done += count
            }
        }

        /// The digest of some ranges and the SHA-256 of all of it, in one pass.
        func digests(of ranges: [Range<Int64>], _ algorithm: DigestAlgorithm) throws(SignatureRefusal) -> ([UInt8], Updates.SHA256Digest) {
            switch algorithm {
            case .sha1: try digests(of: ranges, Insecure.SHA1.self)
            case .sha256: try digests(of: ranges, SHA256.self)
            case .sha384: try digests(of: ranges, SHA384.self)
            case .sha512: try digests(of: ranges, SHA512.self)
            }
        }

        private func digests<Function: HashFunction>(
            of ranges: [Range<Int64>], _ function: Function.Type
        ) throws(SignatureRefusal) -> ([UInt8], Updates.SHA256Digest) {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SignatureVerifier.chunkSize, alignment: 16)
            defer { buffer.deallocate() }
            var covered = Function()
            var whole = SHA256()
            var start: Int64 = 0
            while start < size {
                let count = Int(min(Int64(buffer.count), size - start))
                let chunk = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                try read(into: chunk, at: start)
                whole.update(bufferPointer: UnsafeRawBufferPointer(chunk))
                for range in ranges {
                    let part = range.clamped(to: start..<start + Int64(count))
                    guard !part.isEmpty else { continue }
                    let bytes = chunk[Int(part.lowerBound - start)..<Int(part.upperBound - start)]
                    covered.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes))
                }
                start += Int64(count)
            }
            return (Array(covered.finalize()), Updates.SHA256Digest(hash: whole.finalize()))
        }
    }
}
