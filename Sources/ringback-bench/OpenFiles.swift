import Glibc

/// The limit on open descriptors, which children inherit: each stream is one.
enum OpenFiles {
    static func allow(_ needed: Int) throws(BenchError) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur >= needed else {
            throw BenchError("the system allows \(limit.rlim_max) open files, and \(needed) are needed: raise `ulimit -Hn`, or use --quick")
        }
    }
}
