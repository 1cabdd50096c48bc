import Updates

extension Updates.SHA256Digest {
    /// As `Updates` has it for its own package only.
    init(hash: some Sequence<UInt8>) {
        guard let digest = Updates.SHA256Digest(bytes: hash) else { fatalError("a hash of another size") }
        self = digest
    }
}
