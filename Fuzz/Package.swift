// swift-tools-version: 6.2
import PackageDescription

/// The fuzz targets: one program each, built and run by Scripts/fuzz.sh. A package of its own, so that `swift build` in the project knows nothing of them.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let protocols = Target.Dependency.product(name: "MartletProtocols", package: "martlet")

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: ["FuzzTarget"] + dependencies, swiftSettings: strict)
}

let package = Package(
    name: "martlet-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "martlet", path: ".."),
        .package(url: "https://github.com/apple/swift-asn1.git", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CFuzzer"),
        .target(name: "FuzzTarget", dependencies: ["CFuzzer"], swiftSettings: strict),
        // By links, like content-range; and OpenSSL itself, through the project's own way to it.
        program(
            "authenticode",
            [
                protocols, .product(name: "MartletSignatures", package: "martlet"), .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ]),
        program("cabinet", [protocols]),
        program("command-line", [protocols]),
        // By a link: it needs nothing else of its target.
        program("content-range", []),
        program("differential", [protocols]),
        program("device-json", ["PolicyReaders", protocols]),
        program("document", [protocols]),
        program("fragment", [protocols]),
        program("group-policy", ["PolicyReaders", protocols]),
        // By links too: what it tries is the server's own.
        program("http", [protocols, .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio")]),
        // By links: each is one file.
        program("hello", []),
        program("plain-request", []),
        program("proxy-answer", []),
        program("policy-file", ["PolicyReaders", protocols]),
        program("proxy-blob", ["PolicyReaders", protocols]),
        program("registry-export", ["PolicyReaders", protocols]),
        program("registry-policy", ["PolicyReaders", protocols]),
        program("registry-query", ["PolicyReaders", protocols]),
        program("request", [protocols]),
        program("response", [protocols]),
        // By links: what a server may answer to an audit.
        program("server-flight", [protocols, .product(name: "SwiftASN1", package: "swift-asn1")]),
        program("tokens", ["TokenSources", protocols]),
        program("update-log", ["PolicyReaders", protocols]),
        program("winhttp-proxy", ["PolicyReaders", protocols]),
        program("xpress", [protocols]),
        // What the readers of policy files have in common.
        .target(name: "PolicyReaders", dependencies: ["FuzzTarget", protocols], swiftSettings: strict),
        // The sources of tokens alone, by links into the project: all of TrustedTransport would bring NIO and a second BoringSSL to build.
        .target(name: "TokenSources", dependencies: [protocols, .product(name: "Crypto", package: "swift-crypto")], swiftSettings: strict),
    ]
)
