import CCurl
import Glibc

/// libcurl as this process found it: checked and initialised once.
enum CurlLibrary {
    /// The version that brought CURLOPT_PROTOCOLS_STR; every other option used here is older or checked at its place.
    static let oldestVersion = "7.85.0"
    private static let oldestVersionNumber: UInt32 = 0x075500

    /// Initialises libcurl unless that was done already.
    ///
    /// - Returns: The library's version.
    @discardableResult
    static func prepare() throws(CurlTransportError) -> String {
        try prepared.get()
    }

    private static let prepared: Result<String, CurlTransportError> = {
        guard let information = curl_version_info(CURLVERSION_FIRST) else {
            return .failure(.initialisation("it does not tell its version"))
        }
        let version = String(cString: information.pointee.version)
        guard information.pointee.version_num >= oldestVersionNumber else { return .failure(.libraryTooOld(found: version)) }

        // Without an asynchronous resolver one slow name server would hold up every transfer of a loop.
        let needed: [(feature: Int32, name: String)] = [
            (CURL_VERSION_SSL, "TLS"),
            (CURL_VERSION_ASYNCHDNS, "asynchronous name resolution"),
            (CURL_VERSION_THREADSAFE, "thread-safe initialisation"),
        ]
        for (feature, name) in needed where information.pointee.features & feature == 0 {
            return .failure(.libraryLacks(feature: name))
        }

        let code = curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        guard code == CURLE_OK else { return .failure(.initialisation(String(cString: curl_easy_strerror(code)))) }
        return .success(version)
    }()
}

/// The system's words for an `errno`.
func systemMessage(_ errorNumber: Int32) -> String {
    var text = [CChar](repeating: 0, count: 128)
    // The variant of POSIX: it terminates what it writes, and leaves nothing behind only for numbers that are none.
    guard strerror_r(errorNumber, &text, text.count) == 0 else { return "error \(errorNumber)" }
    return text.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } ?? "error \(errorNumber)" }
}
