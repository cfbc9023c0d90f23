import Foundation
import RingbackCore
import Store
import Testing

@testable import Destinations

@Suite("A payload")
struct PayloadTests {
    @Test("thin is the vendor's webhook envelope, exactly")
    func thin() throws {
        let event = try Jobs.job().event
        let text = String(decoding: PayloadBuilder.thin(event), as: UTF8.self)
        #expect(
            text
                == #"{"id":"\#(event.id)","object":"event","created_at":1795414328,"type":"response.completed","data":{"id":"resp_abc123"}}"#
        )
    }

    @Test("full embeds the response object byte for byte")
    func full() throws {
        let event = try Jobs.job().event
        let payload = PayloadBuilder.full(event, response: Jobs.oddResponse)
        let head = #"{"id":"\#(event.id)","object":"event","created_at":1795414328,"type":"response.completed","data":"#
        #expect(payload == Array(head.utf8) + Jobs.oddResponse + "}".utf8)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(payload)) }
    }

    @Test("full says so when the response is not kept any more, in every form")
    func fullWithoutResponse() throws {
        let job = try Jobs.job()
        let data = #"{"id":"resp_abc123","omitted":{"reason":"expired"}}"#
        #expect(String(decoding: PayloadBuilder.full(job.event, response: nil), as: UTF8.self).hasSuffix(#""data":\#(data)}"#))
        #expect(String(decoding: PayloadBuilder.inboxFile(job), as: UTF8.self).contains(#""data":\#(data),"ringback""#))
        for form in [PayloadForm.full, .cloudEvents, .cloudEventsBinary] {
            #expect(String(decoding: CallbackPayload(job, as: form).body, as: UTF8.self).contains(data))
        }
        #expect(!String(decoding: CallbackPayload(job, as: .thin).body, as: UTF8.self).contains("omitted"))
    }

    @Test("full of an event that says itself what is missing is thin, and so is one of an event that ends no response")
    func fullOfOtherEvents() throws {
        for (type, data) in [
            (EventType.responseFailed, #"{"id":"resp_1","status":"failed","omitted":{"reason":"too_large","bytes":9,"limit":8}}"#),
            (.watchLost, #"{"id":"resp_1","watch":"watch_1","reason":"gone"}"#),
        ] {
            let event = try Jobs.job(type: type).event.with(data: data)
            #expect(PayloadBuilder.full(event, response: nil) == PayloadBuilder.thin(event))
        }
    }

    @Test("of a file says beside the envelope which watch, delivery and upstream it is about")
    func inboxFile() throws {
        let job = try Jobs.job(body: Jobs.oddResponse, metadata: ["team": "search", "a \"quoted\"\nkey": "\u{1}"])
        let payload = PayloadBuilder.inboxFile(job)
        #expect(payload.last == UInt8(ascii: "\n"))
        let envelope = Array(PayloadBuilder.full(job.event, response: Jobs.oddResponse).dropLast())
        #expect(payload.starts(with: envelope))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(payload)) as? [String: Any])
        let ringback = try #require(object["ringback"] as? [String: Any])
        #expect(Set(ringback.keys) == ["watch", "delivery", "upstream", "metadata"])
        #expect(ringback["watch"] as? String == job.event.watch?.rawValue)
        #expect(ringback["delivery"] as? String == job.delivery.id.rawValue)
        #expect(ringback["upstream"] as? String == "default")
        #expect(ringback["metadata"] as? [String: String] == ["team": "search", "a \"quoted\"\nkey": "\u{1}"])
    }

    @Test("of a bridge event without a watch has nulls instead")
    func bridgeEvent() throws {
        let job = try Jobs.job(response: nil, type: .ringbackTest)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(PayloadBuilder.inboxFile(job))) as? [String: Any])
        let ringback = try #require(object["ringback"] as? [String: Any])
        #expect(ringback["watch"] is NSNull)
        #expect(ringback["upstream"] is NSNull)
        #expect(object["data"] as? [String: String] == ["endpoint": "scripts"])
    }

    @Test("begins with what tells its event from all others")
    func beginning() throws {
        let job = try Jobs.job()
        let beginning = PayloadBuilder.beginning(job.event)
        #expect(String(decoding: beginning, as: UTF8.self) == #"{"id":"\#(job.event.id)","object":"event""#)
        #expect(PayloadBuilder.inboxFile(job).starts(with: beginning))
        #expect(!PayloadBuilder.inboxFile(try Jobs.job(upstream: "other")).starts(with: beginning))
    }
}

extension Event {
    fileprivate func with(data: String) -> Event {
        Event(
            id: id, type: type, createdAt: createdAt, watch: watch, upstream: upstream, response: response, data: Array(data.utf8))
    }
}
