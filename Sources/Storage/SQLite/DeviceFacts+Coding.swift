import Updates

/// Facts as the database keeps them.
extension DeviceFacts {
    private static let version: Int64 = 1
    private static let texts: [any WritableKeyPath<DeviceFacts, String> & Sendable] = [
        \.dnsName, \.osLocale, \.manufacturer, \.model, \.biosVersion, \.processorArchitecture, \.osDescription, \.clientVersion,
    ]
    private static let numbers: [any WritableKeyPath<DeviceFacts, Int32> & Sendable] = [
        \.osMajorVersion, \.osMinorVersion, \.osBuildNumber, \.osServicePackMajorNumber, \.osServicePackMinorNumber,
    ]

    var encoded: ByteWriter {
        var writer = ByteWriter()
        writer.number(Self.version)
        for text in Self.texts { writer.string(self[keyPath: text]) }
        for number in Self.numbers { writer.number(Int64(self[keyPath: number])) }
        return writer
    }

    init(encoded bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var reader = ByteReader(bytes)
        guard try reader.number() == Self.version else { throw ByteReader.corrupt }
        self.init(dnsName: "")
        for text in Self.texts { self[keyPath: text] = try reader.string() }
        for number in Self.numbers {
            guard let value = Int32(exactly: try reader.number()) else { throw ByteReader.corrupt }
            self[keyPath: number] = value
        }
        guard reader.isAtEnd else { throw ByteReader.corrupt }
    }
}
