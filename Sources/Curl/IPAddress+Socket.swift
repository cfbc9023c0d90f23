import CCurl
import Glibc
import RingbackCore

extension IPAddress {
    /// Reads the address in a `sockaddr_in` or `sockaddr_in6`.
    ///
    /// - Returns: `nil` for another family, or when `length` is too short for the family.
    init?(socketAddress: UnsafePointer<sockaddr>?, length: socklen_t) {
        guard let socketAddress else { return nil }
        let raw = UnsafeRawPointer(socketAddress)
        let (offset, count) =
            switch Int32(socketAddress.pointee.sa_family) {
            case AF_INET: (MemoryLayout<sockaddr_in>.offset(of: \.sin_addr), 4)
            case AF_INET6: (MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr), 16)
            default: (nil, 0)
            }
        guard let offset, Int(length) >= offset + count else { return nil }
        self.init(bytes: Array(UnsafeRawBufferPointer(start: raw + offset, count: count)))
    }
}
