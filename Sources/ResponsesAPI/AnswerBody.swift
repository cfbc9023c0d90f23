import RawJSON
import RingbackCore
import Transport

/// The body of an answer as it arrives: held whole up to a bound. Of a larger one only the outline of a response object is.
///
/// However large a response object is, its status is found in bounded memory, wherever in the object it stands.
///
/// A class, so that what is held grows in place. It belongs to whoever reads the transfer.
package final class AnswerBody {
    /// More of a body is not read in search of a status.
    package static let maximumReadBytes = 1024 * 1024 * 1024
    /// What is read out of a response object is small; larger members are left out.
    private static let memberBytes = 64 * 1024

    private let limit: Int
    private var bytes: [UInt8] = []
    /// Set when the body was found too large to be held; ``bytes`` is empty from then on.
    private var outline: ObjectOutline?
    /// Why nothing more can be read.
    private var syntaxError: JSONError?
    private var hasStatus = false
    /// It was not read to its end, although more would have come.
    private var isCut = false

    /// - Parameter limit: The largest body that is held, in bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    /// How many bytes came so far.
    package var count: Int { outline?.count ?? bytes.count }

    /// The whole body; `nil` when it was too large to be held.
    package var held: [UInt8]? { outline == nil ? bytes : nil }

    /// Takes the next piece.
    ///
    /// - Returns: Whether more is of use: when not, the transfer is to be ended.
    package func receive(_ piece: Span<UInt8>) -> Bool {
        if outline == nil {
            guard bytes.count + piece.count > limit else {
                bytes.append(copying: piece)
                return true
            }
            outline = ObjectOutline(keeping: ResponseObject.names, memberLimit: Self.memberBytes)
            let beginning = bytes
            bytes = []
            read(beginning.span)
        }
        read(piece)
        return syntaxError == nil && !isCut
    }

    private func read(_ piece: Span<UInt8>) {
        guard syntaxError == nil else { return }
        do {
            try outline?.receive(piece)
        } catch {
            syntaxError = error
            return
        }
        guard let outline else { return }
        if outline.count > Self.maximumReadBytes { isCut = true }
        guard !hasStatus, outline.kept.contains("status") else { return }
        hasStatus = true
        // Of a response that runs nothing else is of interest.
        if let response = ResponseObject(outline: outline.bytes, size: outline.count), response.terminalStatus == nil { isCut = true }
    }

    /// The response object that a body too large to be held is, without its bytes.
    ///
    /// A body that was cut, by us or by a failure, counts when its status had come: what was said is not taken back by what is missing.
    ///
    /// - Parameter failure: What ended the transfer early; `nil` when it came to its end.
    /// - Returns: Why it cannot be told, for people, when it cannot.
    func outlined(endedBy failure: TransportError?) -> Result<ResponseObject, UnreadableBody> {
        guard let outline else { preconditionFailure("a body that is held has no outline") }
        if let syntaxError { return .failure(unreadable("it is \(syntaxError)", outline)) }
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
