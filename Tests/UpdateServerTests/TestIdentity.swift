import Foundation
import NIOSSL
import TestSupport
import Updates

@testable import TrustedTransport

/// A CA and server certificate for `localhost` of one test.
struct TestIdentity {
    let folder: TemporaryFolder
    let files: IdentityFiles
    let identity: ServerIdentity

    init() throws {
        folder = try TemporaryFolder()
        files = IdentityFiles(caCertificate: folder.path + "/ca.pem", folder: folder.path)
        let now = Timestamp(millisecondsSince1970: Int64(Date().timeIntervalSince1970) * 1000)
        identity = try ServerIdentity.create(in: files, names: [try ServerName("localhost"), try ServerName("127.0.0.1")], now: now)
    }

    /// What a client that trusts this CA only uses.
    var tls: NIOSSLContext {
        get throws {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(try TrustAnchors(.pemFile(files.caCertificate)).certificates)
            return try NIOSSLContext(configuration: configuration)
        }
    }
}
