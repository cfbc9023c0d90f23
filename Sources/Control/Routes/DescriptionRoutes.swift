import APIDescription
import HTTPTypes

/// `/openapi.json`: what the API is, for programs; open to everybody, as it tells nothing of this server.
struct DescriptionRoutes {
    var all: [Route] {
        [
            .get("/openapi.json", .open) { _ in
                Answer(status: .ok, headers: [.contentType: "application/json"], body: APIDescription.json)
            }
        ]
    }
}
