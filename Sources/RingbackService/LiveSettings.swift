import AddressGuard
import Control
import NIOConcurrencyHelpers
import ResponsesAPI
import RingbackCore
import Settings
import Transport

/// The settings in force and what is made of them. Readers take what they need at the moment they need it; a reload replaces all of it at
/// once.
final class LiveSettings: Sendable {
    struct Snapshot: Sendable {
        let settings: Settings
        let clients: [UpstreamName: ResponsesClient]
        let tokens: [AccessToken]
        let callbackGuard: CallbackGuard

        init(_ settings: Settings, upstreamTransport: any Transport) {
            self.settings = settings
            clients = Dictionary(
                settings.upstreams.map { ($0.name, ResponsesClient(upstream: $0, transport: upstreamTransport)) },
                uniquingKeysWith: { first, _ in first })
            tokens = settings.tokens.map(AccessToken.init)
            callbackGuard = CallbackGuard(exceptions: settings.security.allowNetworks, httpsOnly: settings.security.httpsOnly)
        }
    }

    private let snapshot: NIOLockedValueBox<Snapshot>

    init(_ snapshot: Snapshot) {
        self.snapshot = NIOLockedValueBox(snapshot)
    }

    var now: Snapshot { snapshot.withLockedValue { $0 } }

    func replace(with new: Snapshot) {
        snapshot.withLockedValue { $0 = new }
    }
}

extension AccessToken {
    fileprivate init(_ token: APIToken) {
        self.init(name: token.name, token: token.token, scopes: Set(token.scopes.map(AccessScope.init)))
    }
}

extension AccessScope {
    fileprivate init(_ scope: APIToken.Scope) {
        switch scope {
        case .admin: self = .admin
        case .submit: self = .submit
        case .read: self = .read
        }
    }
}
