import CCurl
package import RingbackCore
package import Transport

/// Connects to servers to see whether they can be reached and what certificates they show. Sends no request.
package enum CurlServerLook {
    /// How long a connection may take.
    package static let patience: Duration = .seconds(10)

    /// - Parameters:
    ///   - url: `http` or `https`; only its host and port count.
    ///   - addresses: Where its name may lead; empty leaves that to libcurl.
    ///   - proxy: The way there.
    package static func look(
        at url: HTTPURL, addresses: [IPAddress] = [], trust: TransferTrust = TransferTrust(), proxy: EgressProxy? = nil
    ) async -> ServerLook {
        await withCheckedContinuation { continuation in
            do {
                try CurlLibrary.prepare()
                try LoopThread.start(named: "look") {
                    continuation.resume(returning: look(at: url, addresses, trust, proxy))
                }
            } catch {
                continuation.resume(returning: ServerLook(error: .internalTrouble("\(error)")))
            }
        }
    }

    private static func look(at url: HTTPURL, _ addresses: [IPAddress], _ trust: TransferTrust, _ proxy: EgressProxy?) -> ServerLook {
        var look = attempt(url, addresses, trust, proxy, isVerified: true)
        // A certificate that is not believed ends the handshake before libcurl keeps it: it is asked for once more, only to be read.
        if case .tls = look.error, look.certificates.isEmpty {
            look.certificates = attempt(url, addresses, trust, proxy, isVerified: false).certificates
        }
        return look
    }

    private static func attempt(
        _ url: HTTPURL, _ addresses: [IPAddress], _ trust: TransferTrust, _ proxy: EgressProxy?, isVerified: Bool
    ) -> ServerLook {
        guard let handle = EasyHandle(share: nil) else { return ServerLook(error: .internalTrouble("no memory is left for a transfer")) }
        handle.prepareLook(at: url, addresses, trust, proxy, isVerified: isVerified)
        let code = curl_easy_perform(handle.raw)
        let circumstances = FailureCircumstances(
            host: url.host, detail: handle.errorDetail(code), errorNumber: Int32(handle.long(CURLINFO_OS_ERRNO)), isConnected: false,
            hasHead: false, headerLimit: 0)
        let address = handle.string(CURLINFO_PRIMARY_IP)
        return ServerLook(
            error: TransportError(code, circumstances), address: address?.isEmpty == true ? nil : address,
            certificates: handle.certificates())
    }
}

extension EasyHandle {
    fileprivate func prepareLook(
        at url: HTTPURL, _ addresses: [IPAddress], _ trust: TransferTrust, _ proxy: EgressProxy?, isVerified: Bool
    ) {
        var setter = OptionSetter(raw: raw)
        keepErrorText(&setter)
        setter.set(CURLOPT_PROTOCOLS_STR, "http,https")
        // The host alone: what may be secret in a path or a query has no business here.
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        setter.set(CURLOPT_URL, "\(url.scheme.rawValue)://\(host):\(url.effectivePort)/")
        setter.set(CURLOPT_CONNECT_ONLY, 1)
        setter.set(CURLOPT_CERTINFO, 1)
        setter.set(CURLOPT_NOSIGNAL, 1)
        setter.set(CURLOPT_CONNECTTIMEOUT_MS, CurlServerLook.patience.curlMilliseconds)
        setter.set(CURLOPT_TIMEOUT_MS, CurlServerLook.patience.curlMilliseconds)
        setter.set(CURLOPT_SSL_VERIFYPEER, isVerified ? 1 : 0)
        setter.set(CURLOPT_SSL_VERIFYHOST, isVerified ? 2 : 0)
        setter.set(CURLOPT_PROXY, proxy?.address ?? "")
        if let proxy {
            setter.set(CURLOPT_NOPROXY, "")
            // Also where the URL is http: a proxy that is not asked to open a way would be reached, and not the server.
            setter.set(CURLOPT_HTTPPROXYTUNNEL, 1)
            if let credentials = proxy.credentials {
                setter.set(CURLOPT_PROXYUSERNAME, credentials.username.reveal())
                setter.set(CURLOPT_PROXYPASSWORD, credentials.password.reveal())
            }
        } else if !addresses.isEmpty, url.address == nil {
            keepPins(url.host, url.effectivePort, to: addresses, &setter)
        }
        if let file = trust.caFile { setter.set(CURLOPT_CAINFO, file) }
        if let identity = trust.identity {
            setter.set(CURLOPT_SSLCERT, identity.certificateFile)
            setter.set(CURLOPT_SSLKEY, identity.keyFile)
        }
    }

    /// What libcurl kept of the handshake: one list of `name:value` lines per certificate.
    fileprivate func certificates() -> [ServerLook.Certificate] {
        var information: UnsafeMutablePointer<curl_certinfo>?
        guard ccurl_easy_get_certificates(raw, &information) == CURLE_OK, let information = information?.pointee,
            let lists = information.certinfo
        else { return [] }
        return (0..<Int(information.num_of_certs)).compactMap { index in
            var fields: [String: String] = [:]
            var next = lists[index]
            while let entry = next?.pointee {
                next = entry.next
                let line = String(cString: entry.data)
                guard let colon = line.firstIndex(of: ":") else { continue }
                fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
            }
            guard let expires = fields["Expire date"].flatMap(Self.time) else { return nil }
            return ServerLook.Certificate(subject: fields["Subject"] ?? "", expires: expires)
        }
    }

    /// OpenSSL's ASN1_TIME_print writes `Nov  6 08:49:37 2026 GMT`: asctime's form without its weekday.
    private static func time(_ text: String) -> Timestamp? {
        guard text.hasSuffix(" GMT") else { return nil }
        return HTTPDate.parse(Array("Sun \(text.dropLast(4))".utf8)[...], now: Timestamp(milliseconds: 0))
    }
}
