"""The one error class for what a user can mend."""


class UserError(Exception):
    """Raised when input, settings or surroundings are wrong and the user can put them right.

    The message names the thing, the value it has and what is accepted. The command line prints it
    without a traceback and exits with 2; our own bugs raise anything else.
    """
