import Glibc
import RingbackCore
package import Transport

/// The resolver of the system: hosts file, DNS, whatever nsswitch.conf says.
package struct SystemResolver: NameResolver {
    /// More addresses of one name are left out. Real names have a handful; a name server of a stranger may send thousands.
    private static let addressLimit = 64

    package init() {}

    package func addresses(of name: String) -> NameResolution {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        // Each address once, and not for every kind of socket. By protocol: with whole-module optimisation the compiler does not find
        // SOCK_STREAM, which libcurl's headers define too.
        hints.ai_protocol = Int32(IPPROTO_TCP)
        // Both families, whatever addresses this machine has (no AI_ADDRCONFIG): a name with a forbidden address is refused everywhere.
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        guard code == 0 else { return Self.failure(code, errorNumber: errno) }
        defer { freeaddrinfo(list) }

        var addresses: [IPAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = IPAddress(socketAddress: entry.ai_addr, length: entry.ai_addrlen), !addresses.contains(address) else {
                continue
            }
            // What is left out cannot be judged, so it is never connected to.
            guard addresses.count < Self.addressLimit else { break }
            addresses.append(address)
        }
        return addresses.isEmpty ? .notFound : .addresses(addresses)
    }

    /// glibc says EAI_AGAIN both when no name server answers and when the one of the name itself is broken.
    private static func failure(_ code: Int32, errorNumber: Int32) -> NameResolution {
        switch code {
        case EAI_MEMORY: .failed("no memory is left to resolve a name")
        case EAI_SYSTEM: .failed("names cannot be resolved: \(systemMessage(errorNumber))")
        case EAI_AGAIN: .unanswered
        default: .notFound
        }
    }
}
