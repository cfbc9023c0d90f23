import NIOCore

/// The bytes the fake vendor sends: HTTP/1.1 with chunked event streams, as vendors do.
enum ResponseBytes {
    /// The beginning of every stream, with the event that says that the response is running.
    static func streamStart(_ id: String) -> ByteBuffer {
        let data = #"{"type":"response.in_progress","sequence_number":1,"response":\#(object(id, isEnded: false))}"#
        return ByteBuffer(string: streamHead + chunk(event("response.in_progress", data)))
    }

    /// One delta. The same bytes go to every stream of a round.
    ///
    /// - Parameter sentAt: Is said in it, in nanoseconds of the machine's monotonic clock, which all processes share.
    static func delta(round: Int, sentAt: NIODeadline? = nil) -> ByteBuffer {
        ByteBuffer(string: chunk(deltaEvent(sequenceNumber: round + 2, sentAt: sentAt)))
    }

    /// One delta alone.
    static func deltaEvent(sequenceNumber: Int, sentAt: NIODeadline? = nil) -> String {
        let data =
            #"{"type":"response.output_text.delta","sequence_number":\#(sequenceNumber),"#
            + #""item_id":"msg_0000000000000000000000000000000000000001","output_index":0,"content_index":0,"delta":" and so on""#
            + "\(sentAt.map { ",\"sent_at\":\($0.uptimeNanoseconds)" } ?? "")}"
        return event("response.output_text.delta", data)
    }

    /// The terminal event and the end of the stream.
    ///
    /// - Parameter withHead: For a stream that was asked for after the response's end: the whole answer.
    static func streamEnd(_ id: String, sequenceNumber: Int, withHead: Bool) -> ByteBuffer {
        ByteBuffer(string: (withHead ? streamHead : "") + chunk(terminalEvent(id, sequenceNumber: sequenceNumber)) + "0\r\n\r\n")
    }

    /// The terminal event alone.
    static func terminalEvent(_ id: String, sequenceNumber: Int) -> String {
        let data = #"{"type":"response.completed","sequence_number":\#(sequenceNumber),"response":\#(object(id, isEnded: true))}"#
        return event("response.completed", data)
    }

    /// The answer to a plain GET.
    static func retrieved(_ id: String, isEnded: Bool) -> ByteBuffer {
        let body = object(id, isEnded: isEnded)
        return ByteBuffer(
            string: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// An answer without a body.
    static func status(_ line: String) -> ByteBuffer {
        ByteBuffer(string: "HTTP/1.1 \(line)\r\nContent-Length: 0\r\n\r\n")
    }

    /// The receiver wants no more of this message.
    static let abort = ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\nWebhook-Delivery: abort-message\r\nContent-Length: 0\r\n\r\n")

    private static let streamHead =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static func chunk(_ text: String) -> String {
        "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    private static func event(_ type: String, _ data: String) -> String {
        "event: \(type)\ndata: \(data)\n\n"
    }

    /// A response object; some 600 bytes when it has ended.
    private static func object(_ id: String, isEnded: Bool) -> String {
        let start = #"{"id":"\#(id)","object":"response","created_at":1760000000,"background":true,"model":"bench-1","metadata":{},"#
        guard isEnded else { return start + #""status":"in_progress","output":[]}"# }
        return start
            + #""status":"completed","error":null,"incomplete_details":null,"output":[{"id":"msg_0000000000000000000000000000000000000001","#
            + #""type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","annotations":[],"#
            + #""text":"The quick brown fox jumps over the lazy dog, and so on and so on."}]}],"#
            + #""usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":0},"output_tokens":87,"total_tokens":123}}"#
    }
}
