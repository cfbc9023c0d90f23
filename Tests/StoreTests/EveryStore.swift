import Testing

/// What every store has to do, whatever it is made of. A behaviour exists when it is here.
@Suite("Every store")
struct EveryStore {}
