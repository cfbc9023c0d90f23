extension [UInt8] {
    /// Appends the bytes of a span, as one block.
    package mutating func append(copying bytes: Span<UInt8>) {
        append(addingCapacity: bytes.count) { room in
            for index in bytes.indices { room.append(bytes[index]) }
        }
    }
}
