import Foundation

/// The file this process runs.
enum OwnProgram {
    static func path() throws(BenchError) -> String {
        do {
            return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        } catch {
            throw BenchError("/proc/self/exe cannot be read: this needs Linux")
        }
    }
}
