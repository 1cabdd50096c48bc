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
        encode(into: &writer)
        return writer
    }

    fileprivate func encode(into writer: inout ByteWriter) {
        writer.number(Self.version)
        for text in Self.texts { writer.string(self[keyPath: text]) }
        for number in Self.numbers { writer.number(Int64(self[keyPath: number])) }
    }

    init(encoded bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var reader = ByteReader(bytes)
        try self.init(from: &reader)
        guard reader.isAtEnd else { throw ByteReader.corrupt }
    }

    fileprivate init(from reader: inout ByteReader) throws(StorageError) {
        guard try reader.number() == Self.version else { throw ByteReader.corrupt }
        self.init(dnsName: "")
        for text in Self.texts { self[keyPath: text] = try reader.string() }
        for number in Self.numbers {
            guard let value = Int32(exactly: try reader.number()) else { throw ByteReader.corrupt }
            self[keyPath: number] = value
        }
    }
}

extension DeviceClaim {
    var encoded: ByteWriter {
        var writer = ByteWriter()
        facts.encode(into: &writer)
        writer.optional(requestedGroups) { $0.list($1) { $0.string($1) } }
        writer.string(address)
        writer.number(time.millisecondsSince1970)
        return writer
    }

    init(encoded bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var reader = ByteReader(bytes)
        self.init(
            facts: try DeviceFacts(from: &reader),
            requestedGroups: try reader.optional { reader throws(StorageError) in
                try reader.list { reader throws(StorageError) in try reader.string() }
            }, address: try reader.string(), time: Timestamp(millisecondsSince1970: try reader.number()))
        guard reader.isAtEnd else { throw ByteReader.corrupt }
    }
}
