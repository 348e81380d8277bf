"""Ports on the loopback interface."""

import secrets
import socket
from contextlib import closing

HOST = "127.0.0.1"

_LOWEST, _HIGHEST = 20_000, 32_000
"""Below the range from which Linux and macOS take the ports of outgoing connections, so that a port
that is free now is not taken by a client's connection before its server has started."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose_port(preferred: str | None = None) -> int:
    """Return the preferred port if it is free, else any free one; ValueError if it is no port number."""
    if preferred:
        if not preferred.isdecimal() or not 0 < int(preferred) < 2**16:
            raise ValueError(f"{preferred!r} is no port: write a number from 1 to 65535")
        if is_free(int(preferred)):
            return int(preferred)
    while True:
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if is_free(port):
            return port
