"""Errors that are not Graph's: what a person must correct, and what a run reports at its end."""


class ConfigurationError(Exception):
    """Something a person must set right first; the text says what. Retrying cannot help."""


class IncompleteRunError(Exception):
    """The run stored what it could, and some integrations miss data; the text names them and why."""


class NotificationError(Exception):
    """A message to people was not sent; nothing is recorded as sent."""


class FailedCheckError(Exception):
    """Rows of a date break rules that all rows must keep; the text names the rules and the rows."""
