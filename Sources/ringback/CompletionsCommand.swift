import ArgumentParser

struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Prints a script that completes ringback's commands and options in a shell.",
        discussion: """
            For bash:  ringback completions bash > ~/.local/share/bash-completion/completions/ringback
            For zsh:   ringback completions zsh > ~/.zfunc/_ringback
            For fish:  ringback completions fish > ~/.config/fish/completions/ringback.fish

            The Debian package brings all three.
            """
    )

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash
        case zsh
        case fish

        fileprivate var shell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        Terminal.print(RingbackCommand.completionScript(for: shell.shell))
    }
}
