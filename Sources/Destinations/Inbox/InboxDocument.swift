import ResponsesAPI
import RingbackCore
import Store

/// What is to be written into an inbox for one event, and under which names.
struct InboxDocument: Sendable {
    let json: [UInt8]
    /// The output text for the `.txt` beside it, if that is wanted and there is a response; may be empty.
    let text: [UInt8]?
    /// The first bytes of ``json``, which no other event's file has.
    let beginning: [UInt8]
    /// The event's own name, then one to keep apart from an event of another upstream that came first under the same name.
    let names: [InboxFileName]

    init(_ job: DeliveryJob, outputText: Bool) {
        json = PayloadBuilder.inboxFile(job)
        text = outputText ? job.response.map { Array((ResponseObject(json: $0)?.outputText() ?? "").utf8) } : nil
        beginning = PayloadBuilder.beginning(job.event)
        names = [InboxFileName(job.event), InboxFileName(job.event, apart: true)]
    }
}
