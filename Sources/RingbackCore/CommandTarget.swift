/// A program of this machine that is run for each event; only the configuration file can name one.
package struct CommandTarget: Sendable, Hashable {
    /// The program, as a path or a name that is looked for in `PATH`, and its arguments. Never empty; no shell reads it.
    package var arguments: [String]
    /// What the program finds in its environment beside `RINGBACK_*`, `PATH`, `HOME`, `LANG` and `TZ`.
    package var environment: [EnvironmentVariable]

    package init(arguments: [String], environment: [EnvironmentVariable] = []) {
        precondition(!arguments.isEmpty, "a command names a program")
        self.arguments = arguments
        self.environment = environment
    }
}

/// A variable for a program's environment. Its value may be a secret.
package struct EnvironmentVariable: Sendable, Hashable {
    package let name: String
    package let value: Secret

    package init(name: String, value: Secret) {
        self.name = name
        self.value = value
    }
}
