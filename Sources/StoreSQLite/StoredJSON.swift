import Foundation
import RingbackCore

/// Lists and dictionaries that are only read and written whole are kept as JSON; empty ones as NULL.
enum StoredJSON {
    static func encode(_ value: some Encodable) throws -> Data {
        try JSONEncoder().encode(value)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        try JSONDecoder().decode(type, from: data)
    }

    static func encodeUnlessEmpty(_ collection: some Collection & Encodable) throws -> Data? {
        collection.isEmpty ? nil : try encode(collection)
    }

    static func decodeList<Element: Decodable>(of type: Element.Type, from data: Data?) throws -> [Element] {
        try data.map { try decode([Element].self, from: $0) } ?? []
    }
}

/// A header line as it is kept. Its value leaves the box here: an upstream or a receiver needs it after a restart.
struct StoredHeader: Codable {
    let name: String
    let value: String

    init(_ header: HeaderField) {
        name = header.name
        value = header.value.reveal()
    }

    var header: HeaderField { HeaderField(name, Secret(value)) }
}

/// The callback of a watch as it is kept.
struct StoredCallback: Codable {
    let url: String
    let secret: String?
    let payload: PayloadForm
    let headers: [StoredHeader]

    init(_ callback: Callback) {
        url = callback.url
        secret = callback.secret?.reveal()
        payload = callback.payload
        headers = callback.headers.map { StoredHeader($0) }
    }

    var callback: Callback {
        Callback(url: url, secret: secret.map { Secret($0) }, payload: payload, headers: headers.map(\.header))
    }
}
