"""The error class for what a user can mend, and that for what may mend itself."""

ERROR, UNAVAILABLE = "error: ", "unavailable: "
"""How a stage begins the line that tells either of them to whoever runs it."""


class UserError(Exception):
    """Raised when input, settings or surroundings are wrong and the user can put them right.

    The message names the thing, the value it has and what is accepted. The command line prints it
    without a traceback and exits with 2; our own bugs raise anything else.
    """


class Unavailable(UserError):
    """Raised where a server that is needed does not answer, or refuses what it will take later.

    A run of a deployment that ends so is begun again after a while; elsewhere it is a user's error.
    """
