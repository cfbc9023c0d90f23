import Delivering
import Foundation
import RawJSON
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport

@testable import Destinations

@Suite("A CloudEvent")
struct CloudEventTests {
    @Test("in structured mode is one object with its attributes, and the response object byte for byte")
    func structured() throws {
        let event = try Jobs.job().event
        let body = CloudEvent.structured(event, response: Jobs.oddResponse)
        let head =
            #"{"specversion":"1.0","id":"\#(event.id)","source":"/upstreams/default","type":"response.completed","#
            + #""time":"2026-11-23T06:12:08.123Z","subject":"resp_abc123","datacontenttype":"application/json","data":"#
        #expect(body == Array(head.utf8) + Jobs.oddResponse + "}".utf8)
    }

    @Test("keeps to the specification's rules for attributes", arguments: ["resp_abc123", nil])
    func attributes(response: String?) throws {
        // CloudEvents 1.0.2, section "Required Attributes" and its JSON schema: these four are there and not empty; names are lower-case
        // letters and digits; what is not known is absent rather than null.
        let job = try Jobs.job(response: response, type: response == nil ? .ringbackTest : .responseFailed)
        let json = try JSON(parsing: CloudEvent.structured(job.event, response: nil))
        for name in ["id", "source", "specversion", "type"] { #expect(json[name]?.string?.isEmpty == false) }
        for member in json.members ?? [] {
            #expect(member.key.wholeMatch(of: /[a-z0-9]+/) != nil)
            #expect(!member.value.isNull)
        }
        #expect(json["subject"]?.string == response)
    }

    @Test("in binary mode has its attributes in headers and the response object alone as its body")
    func binary() async throws {
        let job = try Jobs.job(body: Jobs.oddResponse)
        let request = try await sent(job, as: .cloudEventsBinary)
        #expect(request.body == Jobs.oddResponse)
        #expect(request["content-type"] == "application/json")
        #expect(request["ce-specversion"] == "1.0")
        #expect(request["ce-id"] == job.event.id.rawValue)
        #expect(request["ce-source"] == "/upstreams/default")
        #expect(request["ce-type"] == "response.completed")
        #expect(request["ce-subject"] == "resp_abc123")
        #expect(request["ce-time"] == "2026-11-23T06:12:08.123Z")
        #expect(request["webhook-id"] == job.event.id.rawValue)
    }

    @Test("in structured mode is announced as one")
    func mediaType() async throws {
        let request = try await sent(try Jobs.job(body: Jobs.oddResponse), as: .cloudEvents)
        #expect(request["content-type"] == "application/cloudevents+json; charset=utf-8")
        #expect(!request.headers.contains { $0.name.lowercased().hasPrefix("ce-") })
    }

    private func sent(_ job: DeliveryJob, as form: PayloadForm) async throws -> Receiver.Request {
        try await withReceiver(answer: "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n") { receiver in
            let report = try await WebhookUnderTest.attempt(job, url: receiver.url) { $0.payload = form }
            #expect(report.error == nil)
            return try #require(receiver.requests.first)
        }
    }
}
