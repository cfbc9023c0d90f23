import RawJSON
import RingbackCore
import Transport

/// The body of an answer as it arrives: held whole up to a bound. Of a larger one only the outline of a response object is.
///
/// However large a response object is, its status is found in bounded memory, wherever in the object it stands.
package struct AnswerBody: Sendable {
    /// More of a body is not read in search of a status.
    package static let maximumReadBytes = 1024 * 1024 * 1024
    /// What is read out of a response object is small; larger members are left out.
    private static let memberBytes = 64 * 1024

    private indirect enum Content {
        case held([UInt8])
        case outlined(ObjectOutline)
        case malformed(JSONError, after: ObjectOutline)
    }

    private let limit: Int
    private var content = Content.held([])
    /// The status was found and says that the response runs: nothing else is of interest.
    private var isRunning: Bool?
    /// It was not read to its end, although more would have come.
    private var isCut = false

    /// - Parameter limit: The largest body that is held, in bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    /// How many bytes came so far.
    package var count: Int {
        switch content {
        case .held(let bytes): bytes.count
        case .outlined(let outline), .malformed(_, let outline): outline.count
        }
    }

    /// The whole body; `nil` when it was too large to be held.
    package var held: [UInt8]? {
        if case .held(let bytes) = content { bytes } else { nil }
    }

    /// Takes the next piece.
    ///
    /// - Returns: Whether more is of use: when not, the transfer is to be ended.
    package mutating func receive(_ bytes: Span<UInt8>) -> Bool {
        switch content {
        case .held(var held):
            guard held.count + bytes.count > limit else {
                // Emptied first, so that the bytes have one owner and are appended in place.
                content = .held([])
                held.append(copying: bytes)
                content = .held(held)
                return true
            }
            var outline = ObjectOutline(keeping: ResponseObject.names, memberLimit: Self.memberBytes)
            content = .held([])
            return Self.read(held.span, &outline, &content) && read(bytes, outline)
        case .outlined(let outline):
            return read(bytes, outline)
        case .malformed:
            return false
        }
    }

    private mutating func read(_ bytes: Span<UInt8>, _ outline: consuming ObjectOutline) -> Bool {
        // One owner here too.
        content = .held([])
        guard Self.read(bytes, &outline, &content) else { return false }
        if isRunning == nil, outline.kept.contains("status") {
            isRunning = ResponseObject(outline: outline.bytes, size: outline.count).map { $0.terminalStatus == nil }
        }
        isCut = isRunning == true || outline.count > Self.maximumReadBytes
        return !isCut
    }

    /// - Returns: Whether it is well formed so far.
    private static func read(_ bytes: Span<UInt8>, _ outline: inout ObjectOutline, _ content: inout Content) -> Bool {
        do {
            try outline.receive(bytes)
            content = .outlined(outline)
            return true
        } catch {
            content = .malformed(error, after: outline)
            return false
        }
    }

    /// The response object that a body too large to be held is, without its bytes.
    ///
    /// A body that was cut, by us or by a failure, counts when its status had come: what was said is not taken back by what is missing.
    ///
    /// - Parameter failure: What ended the transfer early; `nil` when it came to its end.
    /// - Returns: Why it cannot be told, for people, when it cannot.
    func outlined(endedBy failure: TransportError?) -> Result<ResponseObject, UnreadableBody> {
        let outline: ObjectOutline
        switch content {
        case .held: preconditionFailure("a body that is held has no outline")
        case .malformed(let error, let before): return .failure(unreadable("it is \(error)", before))
        case .outlined(let read): outline = read
        }
        if failure == nil, !isCut {
            do {
                try outline.finish()
            } catch {
                return .failure(unreadable("it is \(error)", outline))
            }
        }
        if let response = ResponseObject(outline: outline.bytes, size: outline.count) { return .success(response) }
        guard let failure else { return .failure(unreadable(isCut ? "no status was found so far" : "it has no status", outline)) }
        return .failure(unreadable("no status was found before the transfer ended: \(failure)", outline))
    }

    private func unreadable(_ reason: String, _ outline: ObjectOutline) -> UnreadableBody {
        UnreadableBody(description: "it is larger than \(ByteCount(limit).text), \(outline.count) bytes of it were read, and \(reason)")
    }
}

/// Why a body tells nothing.
struct UnreadableBody: Error, CustomStringConvertible {
    let description: String
}
