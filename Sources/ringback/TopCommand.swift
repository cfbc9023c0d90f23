import ArgumentParser
import Foundation
import RingbackCore
import UnixSignals

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Shows live what is followed, what rings, and how the endpoints do.",
        discussion: """
            Refreshed every second; q or Ctrl-C ends it. Where standard output is no terminal it prints one picture and ends, as with --once.
            """
    )

    @Flag(help: "Print one picture as plain text. It takes a second, in which rates are measured.")
    var once = false

    @OptionGroup var server: ServerOptions

    private static let interval: Duration = .seconds(1)
    private static let plainColumns = 120

    func run() async throws {
        let time = SystemTime()
        try await APIClient.with(server) { client in
            var source = TopSource(client: client, server: try server.address().redacted, time: time)
            guard !once, let screen = TopScreen() else {
                _ = try await source.read()
                try await time.sleep(until: time.now + Self.interval)
                Terminal.print(TopPicture(try await source.read(), columns: Self.plainColumns).text)
                return
            }
            // Whatever happens: a terminal that shows nothing that is typed is a terminal lost.
            defer { screen.close() }
            try await Self.live(on: screen, &source, time)
        }
    }

    private enum Turn {
        case tick
        case redraw
        case end
    }

    private static func live(on screen: TopScreen, _ source: inout TopSource, _ time: SystemTime) async throws {
        let (turns, feed) = AsyncStream<Turn>.makeStream(bufferingPolicy: .bufferingNewest(4))
        Keys.follow { key in feed.yield(key) }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup, .sigwinch)
        let waking = Task {
            // Awaited by nobody, cancelled below.
            for await signal in signals { feed.yield(signal == .sigwinch ? .redraw : .end) }
        }
        let ticking = Task {
            while (try? await time.sleep(until: time.now + interval)) != nil { feed.yield(.tick) }
        }
        defer {
            waking.cancel()
            ticking.cancel()
        }
        var snapshot = try await source.read()
        var trouble: String?
        draw(snapshot, trouble, on: screen)
        for await turn in turns {
            switch turn {
            case .end: return
            case .redraw: break
            case .tick:
                do {
                    snapshot = try await source.read()
                    trouble = nil
                } catch let error as APIError where error.isTransient {
                    trouble = "\(error)"
                }
            }
            draw(snapshot, trouble, on: screen)
        }
    }

    private static func draw(_ snapshot: TopSnapshot, _ trouble: String?, on screen: TopScreen) {
        let size = screen.size
        screen.show(TopPicture(snapshot, trouble: trouble, columns: size.columns, rows: size.rows))
    }

    /// Keys as they are pressed, from a thread of its own: a read of a terminal cannot be cancelled, and ends with the process.
    private enum Keys {
        static func follow(_ tell: @escaping @Sendable (Turn) -> Void) {
            Thread.detachNewThread {
                var key: UInt8 = 0
                while read(STDIN_FILENO, &key, 1) == 1 {
                    switch key {
                    case UInt8(ascii: "q"), UInt8(ascii: "Q"), 0x03: tell(.end)
                    case UInt8(ascii: " "), 0x0C: tell(.tick)
                    default: break
                    }
                }
                // The terminal is gone.
                tell(.end)
            }
        }
    }
}
