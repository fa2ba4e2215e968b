"""Errors whose message says what is wrong, what was found and what to do."""


class JccError(Exception):
    """Base of every error the package raises on purpose."""


class ConfigError(JccError):
    """A setting is unknown, of the wrong type or out of its range."""


class InputError(JccError):
    """Images, truth or supplied maps cannot be used."""


class WeightsError(JccError):
    """An encoder's weights, or a package needed to use them, cannot be had."""


class ProblemError(JccError):
    """The quadratic program is malformed (shapes, non-finite data, indefinite cost)."""


class SolverError(JccError):
    """The solver stopped without a usable answer."""


class TrainingError(JccError):
    """Training cannot go on: a loss is not finite, or the memory does not suffice."""


class OutputError(JccError):
    """Results cannot be written where they were asked for."""


class Cancelled(JccError):
    """The user cancelled the run; nothing computed so far is lost from the cache."""
