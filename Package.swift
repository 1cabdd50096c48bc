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
    ],
    targets: [
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        target("Updates"),
        target("XMLStream", ["CExpat"]),
        target("UpdateProtocols", ["Updates", "XMLStream"]),
        target("UpdateCatalog", ["Updates"]),
        target("TestSupport", ["Updates"]),
        tests("UpdatesTests", ["Updates"]),
        tests("XMLStreamTests", ["CExpat", "XMLStream", "TestSupport"]),
        tests("UpdateProtocolsTests", ["Updates", "XMLStream", "UpdateProtocols", "TestSupport"]),
        tests("UpdateCatalogTests", ["Updates", "UpdateCatalog"]),
    ]
)
