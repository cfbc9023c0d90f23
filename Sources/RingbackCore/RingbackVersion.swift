/// The version of this program, as `User-Agent`, `--version` and the API's description show it.
package enum RingbackVersion {
    package static let current = "0.1.0"
}
