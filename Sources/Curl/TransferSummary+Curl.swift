import CCurl
import Transport

extension TransferSummary {
    /// What libcurl measured.
    ///
    /// libcurl counts each phase from the start of the transfer (CURLINFO_CONNECT_TIME_T and its siblings), in microseconds; here each is
    /// the length of the phase itself. On a kept connection there is no phase before the request.
    ///
    /// - Parameters:
    ///   - isConnected: Whether there ever was a connection to send the request on.
    ///   - lookup: How long the name was looked up before libcurl began; `nil` when that was left to libcurl.
    init(_ handle: EasyHandle, isConnected: Bool, lookup: Duration?) {
        let isReused = isConnected && handle.long(CURLINFO_NUM_CONNECTS) == 0
        let resolved = handle.offset(CURLINFO_NAMELOOKUP_TIME_T)
        let connected = handle.offset(CURLINFO_CONNECT_TIME_T)
        let secured = handle.offset(CURLINFO_APPCONNECT_TIME_T)
        let answered = handle.offset(CURLINFO_STARTTRANSFER_TIME_T)

        let before = lookup ?? .zero
        self.init(total: before + .microseconds(handle.offset(CURLINFO_TOTAL_TIME_T)), reusedConnection: isReused)
        if !isReused {
            if resolved > 0 { dns = .microseconds(resolved) }
            // libcurl then finds what it was given, which takes no time worth telling.
            if let lookup { dns = lookup }
            if connected > 0 { connect = .microseconds(max(0, connected - resolved)) }
            if secured > 0 { tls = .microseconds(max(0, secured - connected)) }
        }
        if answered > 0 { firstByte = before + .microseconds(answered) }
        if let address = handle.string(CURLINFO_PRIMARY_IP), !address.isEmpty { self.address = address }
        httpVersion =
            switch handle.long(CURLINFO_HTTP_VERSION) {
            case Int(CURL_HTTP_VERSION_1_0): "1.0"
            case Int(CURL_HTTP_VERSION_1_1): "1.1"
            case Int(CURL_HTTP_VERSION_2_0): "2"
            default: nil
            }
    }

    /// By a proxy, the address is the one that the proxy was told, since libcurl knows the proxy's only.
    init(_ handle: EasyHandle, of transfer: Transfer) {
        self.init(handle, isConnected: transfer.isConnected, lookup: transfer.route?.lookup)
        if let passage = transfer.passage { address = transfer.isConnected ? passage.told : nil }
    }
}
