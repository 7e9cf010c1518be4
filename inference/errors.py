"""What goes wrong with a language model."""

from __future__ import annotations


class GeneratorError(Exception):
    """One line: the cause, then the mend. `begun` tells whether tokens had come: then nothing may be tried again."""

    def __init__(self, message: str, *, begun: bool = False) -> None:
        self.begun = begun
        super().__init__(message)


class GeneratorUnavailable(GeneratorError):
    """No server can be reached, or all have failed too often of late."""


class GeneratorRefused(GeneratorError):
    """The server does not take the request: a wrong key or model, a prompt that is too long. The next try fails too."""


class GeneratorSlow(GeneratorError):
    """A limit on time was reached."""


class GeneratorBroken(GeneratorError):
    """The answer was cut off, empty, or no answer."""


class GeneratorUndecided(GeneratorError):
    """The server is well, but what the model said is no decision."""


class GeneratorTooLong(GeneratorError):
    """The answer was longer than asked for, and ended there."""
