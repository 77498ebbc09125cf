"""Files are UTF-8, whatever the locale of whoever starts a command."""

import codecs
import locale
import os
import sys

_MODE = "PYTHONUTF8"


def begin_again_in_utf8() -> None:
    """Start this command anew in Python's UTF-8 mode where the locale is of another encoding.

    Else names with an umlaut could not be written to a file, or would be read as others. All
    processes that a command starts are in that mode too.
    """
    if sys.flags.utf8_mode or codecs.lookup(locale.getencoding()).name == "utf-8":
        return
    os.environ[_MODE] = "1"
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
