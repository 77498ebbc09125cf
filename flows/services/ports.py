"""Free ports on the loopback interface."""

import socket


def free_port(wanted: int = 0) -> int:
    """`wanted` where it is free, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            # as servers do: a port whose last connections just ended is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AssertionError("the system gave no free port")
