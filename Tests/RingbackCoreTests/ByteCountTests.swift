import RingbackCore
import Testing

@Suite("A size")
struct ByteCountTests {
    @Test(
        "is read with its unit, in any case",
        arguments: [
            ("0B", 0), ("7B", 7), ("1kB", 1000), ("1KB", 1000), ("1KiB", 1024), ("32MiB", 33_554_432), ("32mib", 33_554_432),
            ("32MB", 32_000_000), ("1.5MiB", 1_572_864), ("1GB", 1_000_000_000), ("2GiB", 2_147_483_648), ("0.5KiB", 512),
        ])
    func reading(_ text: String, _ bytes: Int) {
        #expect(ByteCount(text: text)?.bytes == bytes)
    }

    @Test(
        "without a unit, or with a wrong number, is none",
        arguments: [
            "", "B", "MiB", "32", "32M", "32Mi", "-1MiB", "+1MiB", "1 MiB", "1e3B", ".5MiB", "1.2.3MiB", "٣MiB", "nanB", "infGiB",
            "9999999TiB", "1025GiB",
        ]
    )
    func refused(_ text: String) {
        #expect(ByteCount(text: text) == nil)
    }

    @Test(
        "is written so that it reads back as the same",
        arguments: [
            (0, "0B"), (7, "7B"), (1000, "1kB"), (1024, "1KiB"), (33_554_432, "32MiB"), (32_000_000, "32MB"), (1_572_864, "1536KiB"),
            (104_857_623, "104857623B"), (1 << 30, "1GiB"),
        ])
    func writing(_ bytes: Int, _ text: String) {
        #expect(ByteCount(bytes).text == text)
        #expect(ByteCount(text: text) == ByteCount(bytes))
    }
}
