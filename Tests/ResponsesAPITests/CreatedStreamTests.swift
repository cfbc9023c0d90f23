import ResponsesAPI
import Testing

@Suite("The beginning of a created stream")
struct CreatedStreamTests {
    private static func finding(_ text: String) -> CreatedStream.Finding? {
        var stream = CreatedStream()
        let bytes = Array(text.utf8)
        return stream.receive(bytes.span)
    }

    @Test(
        "names the response with its first event that carries one, whatever comes before",
        arguments: [
            "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"model\":\"m\"}}\n\n",
            "data: {\"response\":{\"model\":\"m\",\"id\":\"resp_1\"},\"type\":\"response.queued\"}\n\n",
            ": hello\n\ndata: {\"type\":\"keepalive\",\"sequence_number\":0}\n\ndata: {\"response\":{\"id\":\"resp_1\",\"model\":\"m\"}}\n\n",
            "data: {\"type\":\"response.failed\",\"response\":{\"id\":\"resp_1\",\"model\":\"m\",\"status\":\"failed\"}}\n\n",
        ])
    func names(_ text: String) {
        #expect(Self.finding(text) == .response(id: "resp_1", model: "m"))
    }

    @Test("is read the same however it is cut")
    func cuts() {
        let bytes = Array("event: x\r\ndata: {\"type\":\"x\"}\r\n\r\ndata: {\"response\":{\"id\":\"résp\"}}\n\n".utf8)
        for cut in bytes.indices {
            var stream = CreatedStream()
            let (front, back) = (Array(bytes[..<cut]), Array(bytes[cut...]))
            let finding = stream.receive(front.span) ?? stream.receive(back.span)
            #expect(finding == .response(id: "résp", model: nil), "cut at \(cut)")
        }
    }

    @Test(
        "says that nothing was created by an error or an end before any id",
        arguments: [
            "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\"}\n\n",
            "event: error\ndata: {\"error\":{\"message\":\"no\"}}\n\n",
            "data: [DONE]\n\n", "data: {\"type\":\"response.failed\",\"error\":{\"message\":\"no\"}}\n\n",
        ])
    func errors(_ text: String) {
        #expect(Self.finding(text) == .error)
    }

    @Test(
        "says nothing as long as there is nothing to say",
        arguments: [
            "", ": comment\n\n", "data: {\"response\":{\"id\":\"resp_1\"}}\n", "data: {\"type\":\"new\"}\n\n", "data: {\"response\":7}\n\n",
        ])
    func nothingYet(_ text: String) {
        #expect(Self.finding(text) == nil)
    }
}
