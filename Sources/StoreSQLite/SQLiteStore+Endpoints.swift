import Foundation
import GRDB
package import RingbackCore
import Sealing
package import Store

// Endpoints made by the API, and which endpoints are disabled.
extension SQLiteStore {
    package func storedEndpoints() async throws(StoreError) -> [Endpoint] {
        try await read { [sealer] database in try database.storedEndpoints(sealer) }
    }

    package func addEndpoint(_ endpoint: Endpoint, now: Timestamp) async throws(StoreError) -> Bool {
        let definition = try prepared { try sealed(endpoint) }
        let isAdded = try await change { database in
            try database.run(
                "INSERT INTO endpoints (name, definition, created_at, updated_at) VALUES (?1, ?2, ?3, ?3) ON CONFLICT (name) DO NOTHING",
                [endpoint.name, definition, now]
            ) == 1
        }
        if isAdded { send(.endpointsChanged) }
        return isAdded
    }

    package func updateEndpoint(_ endpoint: Endpoint, now: Timestamp) async throws(StoreError) -> Bool {
        let definition = try prepared { try sealed(endpoint) }
        let isUpdated = try await change { database in
            try database.run("UPDATE endpoints SET definition = ?2, updated_at = ?3 WHERE name = ?1", [endpoint.name, definition, now]) == 1
        }
        if isUpdated { send(.endpointsChanged) }
        return isUpdated
    }

    /// The endpoint goes first, its waiting deliveries then die piece by piece. What a crash leaves waiting dies when a sender claims it
    /// and finds no endpoint.
    package func removeEndpoint(_ name: EndpointName, now: Timestamp) async throws(StoreError) -> Bool {
        let isRemoved = try await change { database in
            try database.run("DELETE FROM endpoint_states WHERE name = ?1 AND ?1 IN (SELECT name FROM endpoints)", [name])
            try database.run("DELETE FROM breakers WHERE name = ?1 AND ?1 IN (SELECT name FROM endpoints)", [name])
            return try database.run("DELETE FROM endpoints WHERE name = ?1", [name]) == 1
        }
        guard isRemoved else { return false }
        send(.endpointsChanged)
        while try await change({ try $0.bury(deliveriesTo: name, limit: Self.rowsPerChange, now: now) }) {}
        return true
    }

    package func setDisabled(_ name: EndpointName, reason: String?, now: Timestamp) async throws(StoreError) {
        try await change { try $0.setDisabled(name, reason: reason, now: now) }
        send(.endpointsChanged)
        // What has waited for the endpoint may go now.
        if reason == nil { send(.deliveriesDue([name])) }
    }

    package func disabledEndpoints() async throws(StoreError) -> [EndpointName: String] {
        try await read { try $0.disabledEndpoints() }
    }

    private func sealed(_ endpoint: Endpoint) throws -> Data {
        sealer.seal(try StoredJSON.encode(StoredEndpoint(endpoint)), .endpointDefinition, of: endpoint.name.rawValue)
    }
}

extension Database {
    func storedEndpoints(_ sealer: Sealer) throws -> [Endpoint] {
        try rows("SELECT name, definition FROM endpoints ORDER BY name").map { row in
            var column = ColumnReader(row)
            let name: String = try column.next()
            let definition = try sealer.open(try column.next(Data.self), .endpointDefinition, of: name)
            return try StoredJSON.decode(StoredEndpoint.self, from: definition).endpoint
        }
    }

    func disabledEndpoints() throws -> [EndpointName: String] {
        var reasons: [EndpointName: String] = [:]
        for row in try rows("SELECT name, disabled_reason FROM endpoint_states") {
            var column = ColumnReader(row)
            reasons[try column.next()] = try column.next(String.self)
        }
        return reasons
    }

    fileprivate func setDisabled(_ name: EndpointName, reason: String?, now: Timestamp) throws {
        guard let reason else {
            try run("DELETE FROM endpoint_states WHERE name = ?1", [name])
            try resetBreaker(name, now: now)
            return
        }
        try run(
            """
            INSERT INTO endpoint_states (name, disabled_reason, updated_at) VALUES (?1, ?2, ?3)
            ON CONFLICT (name) DO UPDATE SET disabled_reason = excluded.disabled_reason, updated_at = excluded.updated_at
            """,
            [name, reason, now]
        )
    }

    /// - Returns: Whether there may be more.
    fileprivate func bury(deliveriesTo endpoint: EndpointName, limit: Int, now: Timestamp) throws -> Bool {
        let buried = try run(
            """
            UPDATE deliveries SET status = ?2, due_at = NULL, ended_at = ?3, dead_reason = ?4, updated_at = ?3
            WHERE seq IN (SELECT seq FROM deliveries WHERE endpoint = ?1 AND due_at IS NOT NULL LIMIT ?5)
            """,
            [endpoint, Delivery.Status.dead, now, DeadReason.endpointRemoved.rawValue, limit]
        )
        return buried == limit
    }
}
