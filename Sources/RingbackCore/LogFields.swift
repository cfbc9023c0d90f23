// What a line of the log says of the thing it is about, so that one response can be followed through all of them: by its `response.id`, or
// by the `watch.id`. The keys are the same in every part of the program.

extension Watch {
    package var logFields: [String: String] {
        ["watch.id": id.rawValue, "response.id": response.rawValue, "upstream.name": upstream.rawValue]
    }
}

extension Event {
    package var logFields: [String: String] {
        var fields = ["event.id": id.rawValue, "event.type": type.rawValue]
        fields["watch.id"] = watch?.rawValue
        fields["response.id"] = response?.rawValue
        fields["upstream.name"] = upstream?.rawValue
        return fields
    }
}
