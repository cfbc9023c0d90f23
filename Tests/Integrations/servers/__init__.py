"""Real servers, each in a directory of its own, on a loopback port, with nothing of the machine's own configuration.

Each starts in its initializer, tells by its own interface what it has got, and is ended by `end`.
"""
