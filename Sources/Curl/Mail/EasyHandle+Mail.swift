import CCurl
import RingbackCore
import Transport

extension EasyHandle {
    /// Writes a mail into a fresh handle.
    ///
    /// A connection is made for each mail and closed after it: so each one's TLS and login are proven, and no server is kept waiting.
    ///
    /// - Parameters:
    ///   - user: What the callbacks are given; must outlive the handle.
    ///   - addresses: Where the server's name may lead; empty to leave that to libcurl.
    ///   - left: Of the mail's time.
    func write(_ prepared: PreparedMail, user: MailHandover, addresses: [IPAddress], left: Duration) throws(TransportError) {
        let mail = prepared.mail
        var setter = OptionSetter(raw: raw)
        setMailCallbacks(user, &setter)
        setter.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        setter.set(CURLOPT_PROXY, "")
        setter.set(CURLOPT_NOSIGNAL, 1)
        setter.set(CURLOPT_QUICK_EXIT, 1)
        setter.set(CURLOPT_FRESH_CONNECT, 1)
        setter.set(CURLOPT_FORBID_REUSE, 1)
        setter.set(CURLOPT_SSL_VERIFYPEER, 1)
        setter.set(CURLOPT_SSL_VERIFYHOST, 2)
        setter.set(CURLOPT_URL, prepared.url)
        setSecurity(mail, &setter)

        setter.set(CURLOPT_UPLOAD, 1)
        setter.check(ccurl_easy_set_offset(raw, CURLOPT_INFILESIZE_LARGE, curl_off_t(mail.message.count)))
        setter.set(CURLOPT_MAIL_FROM, mail.sender)
        keep([mail.recipient], as: CURLOPT_MAIL_RCPT, &setter)

        // For libcurl everything before the envelope is "connecting"; greetings may be slow on purpose.
        setter.set(CURLOPT_CONNECTTIMEOUT_MS, min(mail.limits.connect, left).curlMilliseconds)
        setter.set(CURLOPT_TIMEOUT_MS, left.curlMilliseconds)
        setter.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, left.curlMilliseconds / 1000 + 1)
        if !addresses.isEmpty, prepared.address == nil { keepPins(mail.server.host, mail.server.port, to: addresses, &setter) }
        guard setter.failure == CURLE_OK else {
            throw .internalTrouble("libcurl refused an option: \(String(cString: curl_easy_strerror(setter.failure)))")
        }
    }

    private func setMailCallbacks(_ user: MailHandover, _ setter: inout OptionSetter) {
        setter.check(ccurl_easy_set_write(raw, CURLOPT_HEADERFUNCTION, curlMailAnswered))
        setter.check(ccurl_easy_set_write(raw, CURLOPT_WRITEFUNCTION, curlMailAnswered))
        setter.check(ccurl_easy_set_read(raw, curlReadMail))
        setter.check(ccurl_easy_set_prerequest(raw, curlMailMayBegin))
        setter.check(ccurl_easy_set_progress(raw, curlMailProgress))
        setter.check(ccurl_easy_set_opensocket(raw, curlOpenMailSocket))
        let user = Unmanaged.passUnretained(user).toOpaque()
        for option in [
            CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_READDATA, CURLOPT_PREREQDATA, CURLOPT_XFERINFODATA, CURLOPT_OPENSOCKETDATA,
        ] {
            setter.set(option, pointer: user)
        }
        setter.set(CURLOPT_NOPROGRESS, 0)
        keepErrorText(&setter)
    }

    private func setSecurity(_ mail: MailTransfer, _ setter: inout OptionSetter) {
        let isSecured = mail.server.security != .none
        setter.set(CURLOPT_USE_SSL, isSecured ? Int(CURLUSESSL_ALL.rawValue) : Int(CURLUSESSL_NONE.rawValue))
        // See ``write(_:options:user:)`` of requests.
        setter.set(CURLOPT_CAPATH, pointer: nil)
        if let file = mail.trust.caFile { setter.set(CURLOPT_CAINFO, file) }
        if let identity = mail.trust.identity {
            setter.set(CURLOPT_SSLCERT, identity.certificateFile)
            setter.set(CURLOPT_SSLKEY, identity.keyFile)
        }
        guard let login = mail.server.login else { return }
        setter.set(CURLOPT_USERNAME, login.username)
        setter.set(CURLOPT_PASSWORD, login.password.reveal())
        // Under TLS these are as good as any, and nothing else that a server offers (Kerberos, NTLM) is tried in their place.
        setter.set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN")
    }

    /// Bounds the wait for the answer to QUIT. May be called from a callback.
    func boundFarewell(seconds: Int) {
        _ = ccurl_easy_set_long(raw, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds)
    }
}
