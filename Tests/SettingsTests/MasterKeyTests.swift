import RingbackCore
import Sealing
import Testing

@testable import Settings

@Suite("The master key")
struct MasterKeyTests {
    private let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private let other = "ICECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private func key(_ text: String) throws -> SealingKey { try SealingKey(validating: text) }

    @Test("comes from the configuration, a variable or a file, or there is none")
    func sources() throws {
        #expect(try load(minimal).masterKey == nil)
        #expect(try load(minimal + "\nmaster_key: \(text)\n").masterKey == key(text))
        #expect(try load(minimal + "\nmaster_key: ${KEY}\n", environment: ["KEY": text]).masterKey == key(text))
        #expect(try load(minimal + "\nmaster_key_file: /run/key\n", files: ["/run/key": text + "\n"]).masterKey == key(text))
    }

    @Test("has predecessors: a list, or a text or file with one after the other")
    func previous() throws {
        let both = [try key(text), try key(other)]
        #expect(try load(minimal).previousMasterKeys == [])
        #expect(try load(minimal + "\nprevious_master_keys: [\(text), \(other)]\n").previousMasterKeys == both)
        #expect(
            try load(minimal + "\nprevious_master_keys: ${KEYS}\n", environment: ["KEYS": "\(text) \(other)"]).previousMasterKeys == both)
        #expect(
            try load(minimal + "\nprevious_master_keys_file: /run/keys\n", files: ["/run/keys": "\(text)\n\(other)\n"])
                .previousMasterKeys == both)
    }

    @Test("comes from the environment when there is no file")
    func environment() throws {
        let settings = try Settings.fromEnvironment(
            [
                "RINGBACK_UPSTREAM_BASE_URL": "http://127.0.0.1:9000/v1", "RINGBACK_MASTER_KEY": text,
                "RINGBACK_PREVIOUS_MASTER_KEYS_FILE": "/run/keys",
            ], readFile: reader(of: ["/run/keys": other]))
        #expect(settings.masterKey == (try key(text)))
        #expect(settings.previousMasterKeys == [try key(other)])
    }

    @Test("that is none is refused where it stands, with how to make one, and is not shown")
    func refused() {
        #expect(
            complaints(minimal + "\nmaster_key: hunter2-hunter2\n") == """
                ringback.yaml:4:13: master_key: is not base64: make a key with openssl rand -base64 32
                master_key: <redacted>
                            ^
                """)
        let short = complaints(minimal + "\nprevious_master_keys: [\(text), c2hvcnQ=]\n")
        #expect(short.hasPrefix("ringback.yaml:4:70: previous_master_keys[1]: has 5 bytes when decoded, and a key has 32"))
        #expect(!short.contains("c2hvcnQ=") && !short.contains(text))
        let both = complaints(minimal + "\nprevious_master_keys: [\(text)]\nprevious_master_keys_file: /run/keys\n")
        #expect(both.contains("'previous_master_keys_file' beside 'previous_master_keys': keep one of them"))
    }
}
