import Control

extension ProcessReading {
    /// Under the names that Prometheus' own libraries give them.
    var metrics: [MetricFamily] {
        var families: [MetricFamily] = []
        if let residentBytes {
            families.append(.gauge("process_resident_memory_bytes", "Memory of this process that is in RAM", residentBytes))
        }
        if let cpuSeconds {
            families.append(
                .counter("process_cpu_seconds_total", "Processor time of all threads, in seconds", [MetricSample(cpuSeconds)]))
        }
        if let openFiles { families.append(.gauge("process_open_fds", "Open file descriptors", openFiles)) }
        if let maximumFiles { families.append(.gauge("process_max_fds", "File descriptors that may be open at once", maximumFiles)) }
        return families
    }
}
