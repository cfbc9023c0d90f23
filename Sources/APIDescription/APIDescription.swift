/// The API's own description: OpenAPI 3.1, written in `openapi.json` beside this file and built into the program.
package enum APIDescription {
    package static let json: [UInt8] = PackageResources.openapi_json
}
