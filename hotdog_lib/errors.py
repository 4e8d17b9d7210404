"""The one base of every error that a user can cause and mend."""


class HotdogError(Exception):
    """Something the user can put right. The message names the value at fault and the remedy."""
