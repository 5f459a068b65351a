#!/usr/bin/env python3
"""Attackers among sound domains, on one thread: every verdict is right, soon and in little memory.

Each attacker would go on for ever; what a scan of them may take is small and bounded.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from program import ROOT, Record, codes, is_sanitized, memory_limit, stscan_path

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab"),
                str(ROOT / "tests" / "e2e")]

import message as dns  # noqa: E402
from cases import ATTACK_CASES, SOUND, Case  # noqa: E402
from chains import Chains  # noqa: E402
from nameserver import Behaviour, NameServer, gives, says  # noqa: E402
from test_faults import NAME_SERVER, ROLES, free_port  # noqa: E402
from webserver import ADDRESS, WebServer  # noqa: E402

NEIGHBOURS = 60
TIMES = 3  # each attacker, at three places of the list
CASES = {case.domain: case for case in (
    *(Case(f"sound-{i}", frozenset(), "valid", "enforced") for i in range(NEIGHBOURS)),
    *(Case(f"{attack.name}-{i}", attack.codes, attack.status, attack.effect, web=attack.web)
      for i in range(TIMES) for attack in ATTACK_CASES))}

# All of it together; a sanitizer takes ten times as much of the first and of the last.
SECONDS = 40.0
CPU_SECONDS_EACH = 0.1
MEMORY_KIB = 65536


def find_behaviour(name: str, kind: int) -> Behaviour:
    if name == "localhost":
        return gives(dns.address("127.0.0.1"))
    for prefix, role in ROLES.items():
        case = CASES.get(name.removeprefix(f"{prefix}.") if prefix else name)
        if case and kind in role:
            return SOUND[role[kind]]
    return says(dns.NXDOMAIN)


def in_order() -> list[str]:
    """Neighbours and attackers by turns."""
    sound = [domain for domain in CASES if domain.startswith("sound-")]
    hostile = [domain for domain in CASES if not domain.startswith("sound-")]
    step = len(sound) // len(hostile) + 1
    mixed = [d for i, attacker in enumerate(hostile)
             for d in (*sound[i * step:(i + 1) * step], attacker)]
    return mixed + [d for d in sound if d not in mixed]


class Run:
    """A scan of them all; what it wrote and what it took."""

    def __init__(self, folder: Path, options: list[str]) -> None:
        (folder / "list").write_text("".join(f"{d}\n" for d in in_order()))
        command = [stscan_path(), "scan", "-o", str(folder / "out.ndjson"), "--threads", "1",
                   "--concurrency", "30", "--allow-private", "--per-address", "0",
                   "--per-address-rate", "0", "--second-look", "0", "--https-timeout", "15000", "--progress", "never",
                   *options, str(folder / "list")]
        begun = time.monotonic()
        child = subprocess.Popen(command)
        watch = threading.Timer(4 * SECONDS, child.kill)
        watch.start()
        _, status, used = os.wait4(child.pid, 0)
        watch.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        self.returncode, self.seconds = child.returncode, time.monotonic() - begun
        self.cpu, self.memory_kib = used.ru_utime + used.ru_stime, used.ru_maxrss
        lines = (folder / "out.ndjson").read_text().splitlines()
        self.records: list[Record] = [json.loads(line) for line in lines]


async def attack() -> Run:
    with tempfile.TemporaryDirectory(prefix="stscan-attacks.") as made:
        folder = Path(made)
        scripts = {case.policy_host: case.web for case in CASES.values()}
        chains = Chains(folder / "ca", scripts)
        names, web = NameServer(find_behaviour), WebServer(scripts, chains.context)
        name_port, web_port = free_port(NAME_SERVER), free_port(ADDRESS)
        await names.start(NAME_SERVER, name_port)
        await web.start(web_port)
        options = ["--resolvers", f"{NAME_SERVER}:{name_port}", "--https-port", str(web_port),
                   "--ca-file", str(chains.root)]
        try:
            return await asyncio.get_running_loop().run_in_executor(None, Run, folder, options)
        finally:
            names.close()
            web.close()


class AttacksTest(unittest.TestCase):
    def test_attackers_among_sound_domains(self) -> None:
        run = asyncio.run(attack())
        slower = 10 if is_sanitized() else 1
        self.assertEqual(run.returncode, 0)
        self.assertEqual(sorted(r["domain"] for r in run.records), sorted(CASES))  # type: ignore[type-var]
        for record in run.records:
            case = CASES[record["domain"]]  # type: ignore[index]
            self.assertEqual((record["status"], codes(record)), (case.status, sorted(case.codes)),
                             record)
        self.assertLess(run.seconds, SECONDS)
        self.assertLess(run.cpu, CPU_SECONDS_EACH * len(CASES) * slower)
        self.assertLess(run.memory_kib, memory_limit(MEMORY_KIB))
        print(f"{run.seconds:.1f} s, {run.cpu:.2f} s of CPU, {run.memory_kib} KiB")


if __name__ == "__main__":
    unittest.main()
