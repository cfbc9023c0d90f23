/// Why a ``CurlTransport`` could not be started.
package enum CurlTransportError: Error, Sendable, Hashable {
    /// libcurl is older than ``CurlLibrary/oldestVersion``. Install a newer one.
    case libraryTooOld(found: String)
    /// libcurl was built without something Ringback needs. Install the distribution's OpenSSL build.
    case libraryLacks(feature: String)
    /// libcurl could not initialise itself; the text is its own.
    case initialisation(String)
    /// The system gave no descriptor or no thread; raise the limits named by the text.
    case system(call: String, errorNumber: Int32)
}

extension CurlTransportError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .libraryTooOld(let found):
            "libcurl \(found) is too old: Ringback needs \(CurlLibrary.oldestVersion) or newer"
        case .libraryLacks(let feature):
            "this libcurl was built without \(feature): install a build that has it (Debian: libcurl4)"
        case .initialisation(let detail):
            "libcurl could not be initialised: \(detail)"
        case .system(let call, let errorNumber):
            "\(call) failed: \(systemMessage(errorNumber)); look at the limits on open files and threads (ulimit -n, ulimit -u)"
        }
    }
}
