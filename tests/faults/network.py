"""A network of its own for each worker, and a cable to the servers that can be cut (as root)."""

import os
import shutil
import subprocess
from dataclasses import dataclass

_ADDRESS = "10.{}.{}.{}"
_FIRST_SITE = 78


@dataclass(frozen=True)
class Site:
    """The addresses of one cluster of those that a machine holds, which are numbered from 0."""

    number: int

    @property
    def servers(self) -> str:
        """Where the servers are: the workers' networks reach it, and so does this machine."""
        return self.address(0, 1)

    def address(self, network: int, end: int) -> str:
        """An address in one of the site's networks."""
        return _ADDRESS.format(_FIRST_SITE + self.number, network, end)

    def leave(self) -> None:
        """Take away the address that `Cable.lay` gave this machine."""
        _ip("addr", "del", f"{self.servers}/32", "dev", "lo", must=False)


@dataclass(frozen=True)
class Cable:
    """A pair of virtual ends: one on this machine, one in the namespace of a worker."""

    site: Site
    worker: str
    number: int

    @property
    def namespace(self) -> str:
        """The name of the worker's network."""
        return f"mintmark-{self.site.number}-{self.worker}"

    @property
    def before(self) -> tuple[str, ...]:
        """The words that make a command run in the worker's network."""
        return ("ip", "netns", "exec", self.namespace)

    def lay(self) -> None:
        """Make the network and connect it; one of this name that was left behind goes first."""
        self.remove()
        here, there = self._ends
        inside = ("-n", self.namespace)
        _ip("addr", "replace", f"{self.site.servers}/32", "dev", "lo")
        _ip("netns", "add", self.namespace)
        _ip("link", "add", here, "type", "veth", "peer", "name", there)
        _ip("link", "set", there, "netns", self.namespace)
        near, far = (self.site.address(self.number, end) for end in (1, 2))
        _ip("addr", "add", f"{near}/24", "dev", here)
        _ip(*inside, "addr", "add", f"{far}/24", "dev", there)
        _ip("link", "set", here, "up")
        _ip(*inside, "link", "set", "lo", "up")
        _ip(*inside, "link", "set", there, "up")
        _ip(*inside, "route", "add", "default", "via", near)

    def cut(self) -> None:
        """Let nothing through in either direction; nobody is told."""
        _ip("link", "set", self._ends[0], "down")

    def mend(self) -> None:
        """Let everything through again."""
        _ip("link", "set", self._ends[0], "up")

    def remove(self) -> None:
        """Take cable and network away, where they are."""
        _ip("link", "del", self._ends[0], must=False)
        _ip("netns", "del", self.namespace, must=False)

    @property
    def _ends(self) -> tuple[str, ...]:
        return tuple(f"{end}{self.site.number}-{self.worker}"[:15] for end in ("mm", "ms"))


def why_no_cables() -> str:
    """What is missing for networks that can be cut, empty where nothing is."""
    if shutil.which("ip") is None:
        return "there is no `ip` (Debian's package iproute2)"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    name = f"mintmark-try-{os.getpid()}"
    made = _ip("netns", "add", name, must=False)
    _ip("netns", "del", name, must=False)
    return "" if made.returncode == 0 else f"no network namespaces here: {made.stderr.strip()}"


def _ip(*words: str, must: bool = True) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not must, f"ip {' '.join(words)}: {done.stderr}"
    return done
