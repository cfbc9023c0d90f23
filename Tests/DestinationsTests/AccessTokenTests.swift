import Delivering
import Foundation
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport

@testable import Destinations

@Suite("A receiver that wants an access token")
struct AccessTokenTests {
    private static let startedAt = Timestamp(unixSeconds: 1_795_414_400)

    @Test("gets the token that its server gave, which is asked for once and again shortly before it ends")
    func cached() async throws {
        let bench = try Bench()
        try await bench.attempt { calls in
            let question = await calls.nextCall()
            #expect(question.request.url == "https://login.example/token")
            #expect(question.request.method == .post)
            #expect(question.text == "grant_type=client_credentials&scope=hooks+send")
            // RFC 6749, section 2.3.1: both are form-encoded before they are put together.
            #expect(question["Authorization"] == "Basic \(Data("ring%3Aback:s%2B+cret".utf8).base64EncodedString())")
            #expect(question["Content-Type"] == "application/x-www-form-urlencoded")
            await question.answer(200, body: #"{"access_token":"t-1","token_type":"bearer","expires_in":100}"#)
            let callback = await calls.nextCall()
            #expect(callback.request.url == "https://example.com/hooks")
            #expect(callback["Authorization"] == "Bearer t-1")
            await callback.answer(204)
        }
        let again = try await bench.attempt(at: Self.startedAt + .seconds(69)) { calls in
            let callback = await calls.nextCall()
            #expect(callback["Authorization"] == "Bearer t-1")
            await callback.answer(204)
        }
        #expect(again.error == nil)
        try await bench.attempt(at: Self.startedAt + .seconds(70)) { calls in
            await calls.nextCall().answer(200, body: #"{"access_token":"t-2","token_type":"Bearer","expires_in":"3600"}"#)
            let callback = await calls.nextCall()
            #expect(callback["Authorization"] == "Bearer t-2")
            await callback.answer(204)
        }
    }

    @Test("with 401 gets a fresh token, once per attempt")
    func unauthorized() async throws {
        let bench = try Bench()
        let report = try await bench.attempt { calls in
            await calls.nextCall().answer(200, body: #"{"access_token":"old","token_type":"Bearer"}"#)
            await calls.nextCall().answer(401)
            await calls.nextCall().answer(200, body: #"{"access_token":"new","token_type":"Bearer"}"#)
            let callback = await calls.nextCall()
            #expect(callback["Authorization"] == "Bearer new")
            await callback.answer(401)
        }
        #expect(report.error == .httpStatus)
        #expect(report.httpStatus == 401)
        // The token that was refused last is not forgotten: its fault is not proved, and the next attempt would ask again for nothing.
        let next = try await bench.attempt { calls in
            let callback = await calls.nextCall()
            #expect(callback["Authorization"] == "Bearer new")
            await callback.answer(200)
        }
        #expect(next.error == nil)
    }

    @Test("with 401 to the same token as before is not asked a second time")
    func sameToken() async throws {
        let report = try await Bench().attempt { calls in
            await calls.nextCall().answer(200, body: #"{"access_token":"t","token_type":"Bearer"}"#)
            await calls.nextCall().answer(401)
            await calls.nextCall().answer(200, body: #"{"access_token":"t","token_type":"Bearer"}"#)
        }
        #expect(report.httpStatus == 401)
    }

    @Test(
        "gets nothing when there is no token, and the reason holds no word of the answer but its code",
        arguments: [
            (400, #"{"error":"invalid_client","error_description":"s3cret"}"#, "answered 400 (invalid_client)"),
            (400, #"{"error":"s3cret"}"#, "answered 400"), (503, "s3cret", "answered 503"), (200, "s3cret", "no access_token"),
            (200, #"{"access_token":""}"#, "no access_token"), (200, #"{"access_token":"a b"}"#, "no access_token"),
            (200, #"{"access_token":"s3cret","token_type":"mac"}"#, "another type"),
        ])
    func refused(status: Int, body: String, reason: String) async throws {
        let report = try await Bench().attempt { calls in
            await calls.nextCall().answer(status, body: body)
        }
        #expect(report.error == .authorization)
        #expect(report.httpStatus == status)
        #expect(report.detail?.contains(reason) == true, "\(report.detail ?? "")")
        #expect(!"\(report)".contains("s3cret"))
    }

    @Test("sends the client's secret in the body where its server wants it there")
    func bodyAuthentication() async throws {
        let bench = try Bench { $0.authentication = .body }
        try await bench.attempt { calls in
            let question = await calls.nextCall()
            #expect(question["Authorization"] == nil)
            #expect(
                question.text == "grant_type=client_credentials&scope=hooks+send&client_id=ring%3Aback&client_secret=s%2B+cret")
            await question.answer(200, body: #"{"access_token":"t"}"#)
            await calls.nextCall().answer(200)
        }
    }

    @Test("has one timeout for everything an attempt consists of")
    func timeout() async throws {
        let bench = try Bench()
        let report = try await bench.attempt { calls in
            let question = await calls.nextCall()
            #expect(question.request.limits.total == .seconds(15))
            bench.time.advance(by: .seconds(10))
            await question.answer(200, body: #"{"access_token":"t"}"#)
            let callback = await calls.nextCall()
            #expect(callback.request.limits.total == .seconds(5))
            bench.time.advance(by: .seconds(5))
            await callback.answer(401)
        }
        #expect(report.error == .timeout)
    }

    /// A webhook whose requests a test answers one by one.
    private struct Bench {
        let time = ManualTime()
        let transport = ScriptedTransport()
        let destination: any Destination

        init(change: (inout ClientCredentials) -> Void = { _ in }) throws {
            var credentials = ClientCredentials(
                tokenURL: "https://login.example/token", clientID: "ring:back", clientSecret: Secret("s+ cret"), scope: "hooks send")
            change(&credentials)
            destination = try WebhookUnderTest.destination("https://example.com/hooks", transport, time: time) {
                $0.credentials = credentials
            }
        }

        @discardableResult
        func attempt(
            at startedAt: Timestamp = AccessTokenTests.startedAt, _ answering: (ScriptedTransport) async throws -> Void
        ) async throws -> AttemptReport {
            let job = try Jobs.job()
            async let report = destination.attempt(job, number: 1, startedAt: startedAt)
            try await answering(transport)
            return await report
        }
    }
}

extension ScriptedCall {
    fileprivate subscript(name: String) -> String? { request.headers.first { $0.name == name }?.value }

    fileprivate var text: String { String(decoding: request.body ?? [], as: UTF8.self) }
}
