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
    static let argumentParser = product("ArgumentParser", "swift-argument-parser")
    static let asn1 = product("SwiftASN1", "swift-asn1")
    static let asyncHTTPClient = product("AsyncHTTPClient", "async-http-client")
    static let crypto = product("Crypto", "swift-crypto")
    static let cryptoExtras = product("CryptoExtras", "swift-crypto")
    static let grdb = product("GRDB", "GRDB.swift")
    static let logging = product("Logging", "swift-log")
    static let nioCore = product("NIOCore", "swift-nio")
    static let nioEmbedded = product("NIOEmbedded", "swift-nio")
    static let nioHTTP1 = product("NIOHTTP1", "swift-nio")
    static let nioPosix = product("NIOPosix", "swift-nio")
    static let nioSSL = product("NIOSSL", "swift-nio-ssl")
    static let nioTLS = product("NIOTLS", "swift-nio")
    static let unixSignals = product("UnixSignals", "swift-service-lifecycle")
    static let x509 = product("X509", "swift-certificates")

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
    products: [
        .executable(name: "martlet", targets: ["martlet"]),
        // For Fuzz/, which is a package of its own.
        .library(name: "MartletProtocols", targets: ["Updates", "XMLStream", "ScanPolicy", "UpdateProtocols", "UpdateCatalog"]),
        .library(name: "MartletSignatures", targets: ["COpenSSL"]),
        // For Benchmarks/, likewise.
        .library(name: "MartletServer", targets: ["TrustedTransport", "Storage", "UpdateEngine", "UpdateServer"]),
    ],
    dependencies: [
        // A trust product builds what was tested: every direct dependency is pinned.
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1.git", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates.git", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CMSPack", pkgConfig: "libmspack", providers: [.apt(["libmspack-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // C, not a module of OpenSSL's headers: their types have the names of BoringSSL's, which NIOSSL and swift-crypto carry.
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("crypto")]),
        target("Updates"),
        target("XMLStream", ["CExpat"]),
        target("ScanPolicy", ["XMLStream"]),
        target("UpdateProtocols", ["CMSPack", "Updates", "XMLStream"]),
        target("UpdateCatalog", ["Updates"]),
        target(
            "TrustedTransport",
            [
                "COpenSSL", "Updates", "ScanPolicy", .asn1, .asyncHTTPClient, .crypto, .cryptoExtras, .nioCore, .nioHTTP1, .nioPosix, .nioSSL,
                .nioTLS, .x509,
            ]),
        target("Storage", ["Updates", "CZlib", .crypto, .grdb, .logging]),
        target("UpdateEngine", ["Updates", "ScanPolicy", "UpdateProtocols", "UpdateCatalog", "TrustedTransport", "Storage", .logging]),
        target(
            "UpdateServer",
            [
                "Updates", "ScanPolicy", "UpdateProtocols", "TrustedTransport", "Storage", "UpdateEngine", .logging, .nioCore, .nioHTTP1, .nioPosix,
                .nioTLS,
            ]),
        target("UpdateAgent", ["Updates", "XMLStream", "ScanPolicy", "UpdateProtocols", "TrustedTransport", .nioCore]),
        .executableTarget(
            name: "martlet",
            dependencies: [
                "Updates", "ScanPolicy", "TrustedTransport", "UpdateEngine", "UpdateServer", "UpdateAgent", .argumentParser, .logging, .unixSignals,
            ], swiftSettings: strict),
        target("TestSupport", ["CZlib", "Updates", "UpdateProtocols", "Storage", .logging]),
        tests("UpdatesTests", ["Updates"]),
        tests("XMLStreamTests", ["CExpat", "XMLStream", "TestSupport"]),
        tests("ScanPolicyTests", ["ScanPolicy", "TestSupport"]),
        tests("UpdateProtocolsTests", ["Updates", "XMLStream", "UpdateProtocols", "TestSupport"]),
        tests("UpdateCatalogTests", ["Updates", "UpdateCatalog"]),
        tests("TrustedTransportTests", ["Updates", "ScanPolicy", "TrustedTransport", .asn1, .crypto, .nioCore, .nioPosix, .nioSSL, .x509]),
        tests(
            "UpdateServerTests",
            [
                "Updates", "UpdateProtocols", "TrustedTransport", "Storage", "UpdateEngine", "UpdateServer", "TestSupport", .logging, .nioCore,
                .nioEmbedded, .nioHTTP1, .nioPosix, .nioSSL,
            ]),
        tests("StorageTests", ["Updates", "Storage", "TestSupport", .grdb, .logging]),
        tests(
            "UpdateEngineTests",
            ["Updates", "ScanPolicy", "UpdateProtocols", "UpdateCatalog", "TrustedTransport", "Storage", "UpdateEngine", "TestSupport", .logging]),
        tests("UpdateAgentTests", ["Updates", "ScanPolicy", "UpdateProtocols", "TrustedTransport", "UpdateAgent", "TestSupport", .nioCore]),
        // The programs they start must be built: hence the dependency on them.
        tests(
            "IntegrationTests",
            [
                "Updates", "UpdateProtocols", "UpdateCatalog", "TrustedTransport", "Storage", "UpdateEngine", "UpdateServer", "UpdateAgent",
                "TestSupport", "martlet", .logging,
            ]),
    ]
)
