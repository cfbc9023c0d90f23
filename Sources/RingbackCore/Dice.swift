import NIOConcurrencyHelpers

/// Where chance comes from: jitter and spread. Tests pass a seeded one.
package final class Dice: Sendable {
    private let generator: NIOLockedValueBox<any RandomNumberGenerator & Sendable>

    package init(_ generator: some RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        self.generator = NIOLockedValueBox(generator)
    }

    /// A number from 0 up to, but not including, 1.
    package func fraction() -> Double {
        generator.withLockedValue { generator in
            Double(generator.next() >> 11) * 0x1.0p-53
        }
    }
}

/// SplitMix64: small, seedable and good enough for jitter and simulations. Not for secrets.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
