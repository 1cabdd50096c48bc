/// Certificates that are handed to devices.
public enum CertificateFile {
    /// The certificates of a PEM file, each as text of its own.
    ///
    /// - Throws: ``TrustError`` where it has none, one cannot be read, or it has a private key, which would be handed to every device.
    public static func texts(_ path: String) throws(TrustError) -> [String] {
        let bytes = try PrivateFile.read(path, .foreign)
        guard !String(decoding: bytes, as: UTF8.self).contains("PRIVATE KEY") else {
            throw TrustError(.unsafeFile, "\(path) has a private key in it; give the certificate alone")
        }
        var texts: [String] = []
        for certificate in try PEM.certificates(bytes, from: path) { texts.append(try PEM.text(of: [certificate])) }
        return texts
    }
}
