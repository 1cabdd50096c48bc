// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is compiled alike: Swift 6 mode, warnings are errors, imports are explicit.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

extension Target.Dependency {
    static let crypto = product("Crypto", "swift-crypto")
    static let grdb = product("GRDB", "GRDB.swift")
    static let logging = product("Logging", "swift-log")

    private static func product(_ name: String, _ package: String) -> Self {
        .product(name: name, package: package)
    }
}

func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "martlet",
    platforms: [.macOS(.v15)],
    dependencies: [
        // A trust product builds what was tested: every direct dependency is pinned.
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        target("Updates"),
        target("XMLStream", ["CExpat"]),
        target("UpdateProtocols", ["Updates", "XMLStream"]),
        target("UpdateCatalog", ["Updates"]),
        target("Storage", ["Updates", "CZlib", .crypto, .grdb, .logging]),
        target("TestSupport", ["Updates", "Storage"]),
        tests("UpdatesTests", ["Updates"]),
        tests("XMLStreamTests", ["CExpat", "XMLStream", "TestSupport"]),
        tests("UpdateProtocolsTests", ["Updates", "XMLStream", "UpdateProtocols", "TestSupport"]),
        tests("UpdateCatalogTests", ["Updates", "UpdateCatalog"]),
        tests("StorageTests", ["Updates", "Storage", "TestSupport", .grdb, .logging]),
    ]
)
