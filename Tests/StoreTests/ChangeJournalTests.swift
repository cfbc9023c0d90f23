import Store
import Testing

@testable import StoreSQLite

@Suite("The journal of changes")
struct ChangeJournalTests {
    private let journal = ChangeJournal(name: "a")

    @Test("remembers a bounded number of changes, and says of older places that it does not know")
    func bounds() throws {
        let many = Int64(3 * ChangeJournal.capacity)
        for seq in 1...many { journal.append([ChangeJournal.Entry(table: .watches, seq: seq)]) }
        #expect(journal.latest.number == many)
        let oldest = many - Int64(ChangeJournal.capacity)
        #expect(journal.entries(after: journal.mark(oldest - 1), limit: 1) == nil)
        let (first, entries) = try #require(journal.entries(after: journal.mark(oldest), limit: 2))
        #expect(first == oldest + 1 && entries.map(\.seq) == [oldest + 1, oldest + 2])
    }

    @Test("gives nothing at its end, and the place of a client back as it was written")
    func end() throws {
        journal.append([ChangeJournal.Entry(table: .events, seq: 1)])
        #expect(try #require(journal.entries(after: journal.latest, limit: 5)).entries.isEmpty)
        #expect(ChangeMark(text: journal.latest.text) == journal.latest)
        for text in ["", "a", "a-", "a-x", "1"] { #expect(ChangeMark(text: text) == nil, "\(text)") }
    }
}
