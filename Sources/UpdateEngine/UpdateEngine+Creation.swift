import Foundation
public import Logging
public import ScanPolicy
import Storage
public import TrustedTransport
public import Updates

extension UpdateEngine {
    /// Makes a home: its configuration, CA, server certificate, keys and an empty database. Refuses a folder that has anything in it, and
    /// leaves nothing behind where it fails.
    ///
    /// - Parameter hosts: the names and addresses of the certificate, the first being the one devices are told. The CA can sign for these
    ///   only, ever.
    public static func create(
        _ home: Home, hosts: [String], targeting: Targeting = .server, at now: Timestamp, log: Logger
    ) async throws {
        let names = try hosts.map { try ServerName($0) }
        let folderWasThere = FileManager.default.fileExists(atPath: home.path)
        try home.create()
        do {
            _ = try ServerIdentity.create(in: home.identityFiles, names: names, now: now)
            _ = try TokenKeys.create(at: home.tokenKeysFile, now: now)
            let store = try await SQLiteStore.create(home: home.path, at: now, log: log)
            try await store.close()
            // Last: a folder without it is no home.
            try Configuration(hosts: names.map(\.description), targeting: targeting).save(to: home)
        } catch {
            let left = folderWasThere ? (try? FileManager.default.contentsOfDirectory(atPath: home.path))?.map { home.path + "/" + $0 } : [home.path]
            for path in left ?? [] { try? FileManager.default.removeItem(atPath: path) }
            throw error
        }
    }

    /// The certificate the server shows, changed if its time is near its end or the configuration names other hosts.
    public func loadIdentity() throws -> ServerIdentity {
        let folder = try identityFolder()
        return try ServerIdentity.load(from: folder.files, names: folder.names, now: clock())
    }
}

extension Home {
    var identityFiles: IdentityFiles {
        IdentityFiles(caCertificate: caFile, folder: tlsFolder)
    }

    /// The certificate that this home's server presents, and the root behind it.
    public func presentedCertificate() throws(TrustError) -> ServerCertificate {
        try ServerCertificate.presented(by: identityFiles)
    }

    var tokenKeysFile: String { tlsFolder + "/token.keys" }
}
