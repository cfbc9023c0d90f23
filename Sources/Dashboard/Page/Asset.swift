import Control
import Cryptography
import HTTPTypes

/// A file that pages load. Its name carries its version, so that it may be kept for ever and is never out of date.
struct Asset {
    static let style = Asset("dashboard", "css", type: "text/css; charset=utf-8", PackageResources.dashboard_css)
    static let script = Asset("dashboard", "js", type: "text/javascript; charset=utf-8", PackageResources.dashboard_js)
    static let icon = Asset("icon", "svg", type: "image/svg+xml", PackageResources.icon_svg)
    private static let all = [style, script, icon]

    let path: String
    private let type: String
    private let bytes: [UInt8]

    private init(_ name: String, _ suffix: String, type: String, _ bytes: [UInt8]) {
        path = "/assets/\(name).\(Hex.encode(SHA256.digest(of: bytes).prefix(8))).\(suffix)"
        self.type = type
        self.bytes = bytes
    }

    /// - Returns: `nil` for a file that is not there, such as one of another version.
    static func answer(_ path: String) -> Answer? {
        guard let asset = all.first(where: { $0.path == path }) else { return nil }
        var headers = Frame.headers
        headers[.contentType] = asset.type
        headers[.cacheControl] = "public, max-age=31536000, immutable"
        return Answer(status: .ok, headers: headers, body: asset.bytes)
    }
}
