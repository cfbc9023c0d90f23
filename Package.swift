// swift-tools-version:6.2

import PackageDescription

// Targets are the walls of this house, listed from the ground up. A target imports only targets listed above it.

let package = Package(
    name: "ringback",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "ringback", targets: ["ringback"]),
        .executable(name: "ringback-bench", targets: ["ringback-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        // Without its default traits Hummingbird leaves out swift-configuration, which we do not use.
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        // Without its default trait it leaves out what needs Foundation.
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.5.0"),
    ],
    targets: [
        // Floor 0: doors to C libraries. Module maps and the smallest shims.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CLinux"),

        // Floor 1: vocabulary, parsers and primitives.
        .target(name: "Cryptography", dependencies: ["COpenSSL"]),
        .target(name: "RawJSON"),
        .target(name: "EventStream"),
        .target(name: "RingbackCore", dependencies: ["Cryptography", .product(name: "NIOConcurrencyHelpers", package: "swift-nio")]),
        .target(name: "AddressGuard", dependencies: ["RingbackCore"]),
        .target(name: "MailMessage", dependencies: ["Cryptography", "RingbackCore"]),
        .target(name: "Transport", dependencies: ["RingbackCore", .product(name: "NIOConcurrencyHelpers", package: "swift-nio")]),
        // A target of its own: what is embedded takes its time to compile, and changes seldom.
        .target(name: "APIDescription", resources: [.embedInCode("openapi.json")]),

        // Floor 2: clients and interfaces.
        .target(name: "WebhookSignature", dependencies: ["Cryptography", "RingbackCore"]),
        .target(name: "ResponsesAPI", dependencies: ["EventStream", "RawJSON", "RingbackCore", "Transport"]),
        .target(name: "Store", dependencies: ["RingbackCore"]),
        .target(name: "Spans", dependencies: ["RingbackCore", .product(name: "Tracing", package: "swift-distributed-tracing")]),
        .target(name: "Sealing", dependencies: ["Cryptography"]),
        .target(name: "Inbox", dependencies: ["CLinux", "Cryptography", "RingbackCore"]),
        .target(
            name: "Presets",
            dependencies: [
                "Cryptography", "MailMessage", "RawJSON", "ResponsesAPI", "RingbackCore",
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            exclude: ["BuiltIn", "README.md"],
            plugins: ["EmbedPresets"]
        ),
        .target(
            name: "Settings",
            dependencies: [
                "AddressGuard", "Presets", "RawJSON", "RingbackCore", "Sealing", "WebhookSignature",
                .product(name: "Yams", package: "Yams"),
            ]),

        // Floor 3: engines and the two unsafe wrappers.
        .target(
            name: "Curl",
            dependencies: [
                "CCurl", "CLinux", "RingbackCore", "Transport",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]
        ),
        .target(
            name: "StoreSQLite",
            dependencies: [
                "Cryptography", "RingbackCore", "Sealing", "Store",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]
        ),
        .target(
            name: "SpanExport",
            dependencies: [
                "RawJSON", "RingbackCore", "Spans", "Transport",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ]
        ),
        .target(
            name: "Watching",
            dependencies: [
                "Cryptography", "RawJSON", "ResponsesAPI", "RingbackCore", "Spans", "Store", "Transport",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Delivering",
            dependencies: [
                "RawJSON", "RingbackCore", "Spans", "Store",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]
        ),
        .target(
            name: "Control",
            dependencies: [
                "APIDescription", "AddressGuard", "Presets", "RawJSON", "ResponsesAPI", "RingbackCore", "Spans", "Store",
                "WebhookSignature",
                "Cryptography", "Transport",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        // Floor 4: where deliveries go, and what people look at.
        .target(
            name: "Destinations",
            dependencies: [
                "AddressGuard", "CLinux", "Cryptography", "Delivering", "Inbox", "MailMessage", "Presets", "RawJSON", "ResponsesAPI",
                "RingbackCore", "Store", "Transport", "WebhookSignature",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),

        .target(
            name: "Dashboard",
            dependencies: [
                "Control", "Cryptography", "RawJSON", "RingbackCore", "Store",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            resources: [.embedInCode("Assets/dashboard.css"), .embedInCode("Assets/dashboard.js"), .embedInCode("Assets/icon.svg")]
        ),

        // Floor 5: the composition root.
        .target(
            name: "RingbackService",
            dependencies: [
                "AddressGuard", "CLinux", "Control", "Curl", "Cryptography", "Dashboard", "Delivering", "Destinations", "ResponsesAPI",
                "RingbackCore",
                "Sealing", "Settings", "SpanExport", "Spans", "Store", "StoreSQLite", "Transport", "Watching", "WebhookSignature",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        // Beside the root: looks over what the root runs.
        .target(
            name: "Doctor",
            dependencies: [
                "AddressGuard", "Control", "Curl", "Destinations", "ResponsesAPI", "RingbackCore", "Sealing", "Settings", "Store",
                "StoreSQLite", "Transport",
            ]
        ),

        // Beside the house: a scripted vendor and a receiver; nothing on floors 1 to 5 imports them.
        .target(
            name: "Sandbox",
            dependencies: [
                "Cryptography", "RawJSON", "RingbackCore", "Transport", "WebhookSignature",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "RingbackTesting",
            dependencies: ["RingbackCore", "Store", "Transport", .product(name: "NIOConcurrencyHelpers", package: "swift-nio")]
        ),
        .target(
            name: "WatchingTesting",
            dependencies: [
                "RingbackCore", "RingbackTesting", "Store", "StoreSQLite", "Transport", "Watching",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]
        ),
        .target(name: "APIDescriptionTesting", dependencies: ["APIDescription", "RawJSON", "RingbackCore"]),
        .target(name: "SocketTesting", dependencies: [.product(name: "NIOConcurrencyHelpers", package: "swift-nio")]),

        // At build time: turns Sources/Presets/BuiltIn/*.yaml into Swift, since a program that is one file has no resources beside it.
        .executableTarget(name: "embed-presets"),
        .plugin(name: "EmbedPresets", capability: .buildTool(), dependencies: ["embed-presets"], path: "Sources/EmbedPresets"),

        // Floor 6: the command line.
        .executableTarget(
            name: "ringback",
            dependencies: [
                "CLinux", "Control", "Cryptography", "Curl", "Destinations", "Doctor", "Inbox", "Presets", "RawJSON", "ResponsesAPI",
                "RingbackCore",
                "RingbackService", "Sandbox", "Sealing", "Settings", "Store", "StoreSQLite",
                "Transport", "WebhookSignature",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        .executableTarget(
            name: "ringback-bench",
            dependencies: [
                "AddressGuard", "Curl", "Delivering", "Destinations", "RawJSON", "ResponsesAPI", "RingbackCore", "Store", "StoreSQLite",
                "Transport", "WebhookSignature",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            exclude: ["README.md", "instructions.json"]
        ),

        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography"]),
        .testTarget(name: "RawJSONTests", dependencies: ["RawJSON"]),
        .testTarget(name: "EventStreamTests", dependencies: ["EventStream"], resources: [.copy("Data")]),
        .testTarget(name: "RingbackCoreTests", dependencies: ["RingbackCore", "RingbackTesting"], resources: [.copy("Data")]),
        .testTarget(name: "AddressGuardTests", dependencies: ["AddressGuard", "RingbackCore"], resources: [.copy("Data")]),
        .testTarget(name: "WebhookSignatureTests", dependencies: ["RingbackCore", "WebhookSignature"], resources: [.copy("Data")]),
        .testTarget(name: "ResponsesAPITests", dependencies: ["RawJSON", "ResponsesAPI", "RingbackCore", "RingbackTesting", "Transport"]),
        .testTarget(name: "SealingTests", dependencies: ["RingbackTesting", "Sealing"]),
        .testTarget(name: "InboxTests", dependencies: ["Inbox", "RingbackCore", "RingbackTesting"]),
        .testTarget(name: "SettingsTests", dependencies: ["AddressGuard", "Presets", "RingbackCore", "Sealing", "Settings"]),
        .testTarget(
            name: "CurlTests",
            dependencies: [
                "CCurl", "Curl", "RingbackCore", "RingbackTesting", "SocketTesting", "Transport",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "PresetsTests",
            dependencies: ["Presets", "RawJSON", "RingbackCore", "RingbackTesting", "Settings"], resources: [.copy("Data")]),
        .testTarget(
            name: "MailTests",
            dependencies: [
                "AddressGuard", "Curl", "Delivering", "Destinations", "MailMessage", "RawJSON", "RingbackCore", "RingbackTesting",
                "SocketTesting", "Store", "Transport",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "RingbackCore", "RingbackTesting", "Sealing", "Store", "StoreSQLite",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "WatchingTests",
            dependencies: [
                "ResponsesAPI", "RingbackCore", "RingbackTesting", "Store", "StoreSQLite", "Transport", "Watching", "WatchingTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "DialectTests",
            dependencies: [
                "Curl", "ResponsesAPI", "RingbackCore", "RingbackTesting", "SocketTesting", "Store", "StoreSQLite", "Transport", "Watching",
                "WatchingTesting",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "DeliveringTests",
            dependencies: [
                "Delivering", "RawJSON", "RingbackCore", "RingbackTesting", "Store", "StoreSQLite",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "DestinationsTests",
            dependencies: [
                "AddressGuard", "Curl", "Delivering", "Destinations", "Inbox", "Presets", "RawJSON", "RingbackCore", "RingbackTesting",
                "Settings", "SocketTesting", "Store", "Transport", "WebhookSignature",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            resources: [.copy("Data")]
        ),
        .testTarget(
            name: "ControlTests",
            dependencies: [
                "APIDescriptionTesting", "AddressGuard", "Control", "Curl", "RawJSON", "ResponsesAPI", "RingbackCore", "RingbackTesting",
                "Store", "StoreSQLite",
                "Transport", "WebhookSignature",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "DoctorTests",
            dependencies: [
                "AddressGuard", "Curl", "Doctor", "RingbackCore", "RingbackTesting", "Sealing", "Settings", "SocketTesting", "Store",
                "StoreSQLite",
                "Transport",
            ]
        ),
        .testTarget(name: "DashboardTests", dependencies: ["Control", "Dashboard", "RingbackCore"]),
        .testTarget(
            name: "SandboxTests",
            dependencies: [
                "Cryptography", "Curl", "RawJSON", "RingbackCore", "RingbackTesting", "Sandbox", "Transport", "WebhookSignature",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "SpanExportTests",
            dependencies: [
                "RawJSON", "RingbackCore", "RingbackTesting", "SpanExport", "Spans", "Transport",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "CommandTests", dependencies: ["Control", "RingbackCore", "ringback"]),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "APIDescriptionTesting", "Curl", "RawJSON", "RingbackCore", "RingbackTesting", "Sandbox", "Settings", "SocketTesting",
                "Transport",
                "WebhookSignature", "ringback",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

/// Targets that may hold pointers: they wrap a C library or system calls. Everywhere else memory safety is the compiler's promise.
let unsafeTargets: Set<String> = ["CLinux", "Cryptography", "Curl", "SocketTesting"]

for target in package.targets where ![.system, .plugin].contains(target.type) && target.name != "CLinux" {
    var settings: [SwiftSetting] = target.swiftSettings ?? []
    settings += [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
    // Our own warnings are errors where the tests run; a stranger's newer compiler must not stop a build.
    if Context.environment["RINGBACK_WARNINGS_AS_ERRORS"] != nil { settings.append(.treatAllWarnings(as: .error)) }
    if target.type == .regular && !unsafeTargets.contains(target.name) {
        settings += [.strictMemorySafety(), .treatWarning("StrictMemorySafety", as: .error)]
    }
    target.swiftSettings = settings
}
