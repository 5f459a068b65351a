"""The Internet in a box (bench/internet) as the benches and tests use it: started, stopped, its
truth, what it counted; and Unbound recursing into it with the configuration for scanning."""

from __future__ import annotations

import json
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import servers

ROOT = Path(__file__).resolve().parents[2]
SEED = 7
ROOT_SERVER = "127.53.0.1"
WITHIN_MS = 1900  # sound names that take no longer must have their verdict

Spawn = Callable[[str, list[str]], None]

UNBOUND = """server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: "{folder}/unbound-own.pid"
    logfile: "{folder}/unbound.log"
    use-syslog: no
    do-daemonize: no
    interface: 127.0.0.1
    port: {port}
    num-threads: 1
    do-ip6: no
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
{include}
remote-control:
    control-enable: no
stub-zone:
    name: "."
    stub-addr: {root}
"""
SCANNING = ROOT / "scripts" / "resolver" / "scanning.conf"


@dataclass(frozen=True)
class Truth:
    name: str
    kind: str  # near, mid, ..., dead
    ms: float
    verdict: str


def read_truth(program: str, names: int, *options: str) -> list[Truth]:
    out = subprocess.run([program, "truth", "--seed", str(SEED), "--names", str(names), *options],
                         check=True, capture_output=True, text=True).stdout
    fields = (line.split() for line in out.splitlines())
    return [Truth(name, kind, float(ms), verdict) for name, kind, ms, verdict in fields]


def judge(truth: list[Truth], found: dict[int, str]) -> dict[str, float]:
    """Names whose verdict is not so: sound ones without theirs, others that have one. Slow ones may
    be unknown."""
    unknown = wrong = slow = 0
    for n, name in enumerate(truth, start=1):
        if found.get(n) == name.verdict:
            continue
        if found.get(n) != "unknown":
            wrong += 1
        elif name.ms > WITHIN_MS:
            slow += 1
        else:
            unknown += 1
    return {"sound_unknown": unknown, "wrong": wrong, "slow_unknown": slow}


@dataclass
class Account:
    """What a box counted."""

    queries: int
    questions: int
    over: int
    seconds: list[list[int]]  # [queries, answers, names answered for the first time] of each

    @property
    def queries_a_name(self) -> float:
        return self.queries / max(1, self.questions)

    def names_a_second(self, begin: int, end: int) -> float:
        part = self.seconds[begin:end]
        return sum(s[2] for s in part) / max(1, len(part))

    @property
    def steady(self) -> float:
        """Names answered in a second, the median of those between a fifth and four fifths of the way."""
        total, so_far, middle = sum(s[2] for s in self.seconds), 0, []
        for _, _, names in self.seconds:
            if total / 5 <= so_far + names / 2 <= total * 4 / 5:
                middle.append(names)
            so_far += names
        return statistics.median(middle) if middle else float(total)


class Box:
    """Boxes and Unbounds of one folder; spawn(name, command) starts a process that servers.stop()
    can stop."""

    def __init__(self, program: str, folder: Path, spawn: Spawn) -> None:
        self.program, self.folder, self.spawn = program, folder, spawn

    def resolver(self, name: str, *options: str) -> str:
        """Its address."""
        address = f"127.0.0.1:{servers.free_port()}"
        self.start(name, "resolver", "--listen", address, *options)
        return address

    def authority(self, *options: str) -> None:
        self.start("authority", "authority", *options)

    def start(self, name: str, what: str, *options: str) -> None:
        self.spawn(name, [self.program, what, "--seed", str(SEED), *options])

    def unbound(self, include: str = f'include: "{SCANNING}"') -> str:
        """The address of an Unbound with an empty cache."""
        port = servers.free_port()
        config = self.folder / "unbound-box.conf"
        config.write_text(UNBOUND.format(folder=self.folder, port=port, root=ROOT_SERVER,
                                         include=include))
        self.spawn("unbound", ["/usr/sbin/unbound", "-c", str(config)])
        servers.wait_until("unbound", servers.answers_dns, port)
        return f"127.0.0.1:{port}"

    def stop(self, name: str) -> Account | None:
        """What a box has counted; None of others."""
        servers.stop(self.folder, name)
        last = (self.folder / f"{name}.out").read_text().splitlines()[-1:]
        if not last or not last[0].startswith("{"):
            return None
        counted = json.loads(last[0])
        return Account(counted["queries"], counted["questions"], counted["over"], counted["seconds"])
