#!/usr/bin/env python3
"""A scan among servers of which a third is hostile: it goes on, judges the others right, and does not grow.

usage: test_soak.py [--minutes M] [--seed N]     (without: a few seconds)
The long forms: scripts/test-long soak soak-sanitized
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from pathlib import Path

from program import ROOT, Record, codes, read_gzip, stscan_path

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import message as dns  # noqa: E402
import test_faults  # noqa: E402
from cases import CASES, Case  # noqa: E402
from chains import Chains  # noqa: E402
from nameserver import Behaviour, NameServer, Step, gives  # noqa: E402
from webserver import ADDRESS, WebServer  # noqa: E402

NAME_SERVER = "127.0.4.53"
SHORT_SECONDS = 3.0
CONCURRENCY = 4000  # domains in flight
ATTEMPTS = 4  # to fetch the policy of a hostile host, at most
HTTPS_RATE = 60  # what the web server, which is not written for speed, can do in time
TIMEOUT_SECONDS = 8
LINES_RATE = 2 * HTTPS_RATE  # at most: what is not taken in time only makes the end late
FLOOD = 20  # datagrams that nobody asked for, before an answer
FLOOD_SHARE = 0.05  # of all queries
# After the last line: what waits has its turn, and what is slow comes to its end.
END_SECONDS = CONCURRENCY * ATTEMPTS / HTTPS_RATE + 20 * TIMEOUT_SECONDS
GROWTH_MAX = 1.15  # of the memory in the last quarter to that of the second
GROWTH_SECONDS = 60  # too short a run says nothing of it
SOUND_NAMES = {"sound", "upper-case", "chain-of-16", "strings", "many", "host-chain-of-16", "mx-many",
               "mx-implicit"}
SOUND = [case for case in CASES if case.name in SOUND_NAMES]
HOSTILE = [case for case in CASES if case.name not in SOUND_NAMES and not case.public_only]
# An address of its own for each: who is left alone because it resets connections is not the others.
ADDRESSES = {case.policy_host: f"127.0.{5 + i // 250}.{i % 250 + 1}" for i, case in enumerate((*SOUND, *HOSTILE))}
STATUSES = {"absent", "valid", "broken", "unknown"}
OPTIONS = ("--dns-timeout", str(1000 * TIMEOUT_SECONDS), "--dns-tries", "4", "--connect-timeout", "2500",
           "--https-timeout", str(1000 * TIMEOUT_SECONDS), "--https-rate", str(HTTPS_RATE), "--per-address",
           "0", "--per-address-rate", "0", "--second-look", "0", "--threads", "2", "--concurrency", str(CONCURRENCY),
           "--allow-private", "--progress", "always")
IN_FLIGHT = re.compile(rb", ([\d,]+) in flight, .*?done, ([\d,]+) in flight")


class Flood:
    """Behaviours that are now and then preceded by a flood of garbage."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def find(self, name: str, kind: int) -> Behaviour:
        behave = test_faults.find_behaviour(name, kind)
        if behave is test_faults.SOUND["a"]:
            behave = gives(dns.address(ADDRESSES[name]))
        return behave if self.chance.random() > FLOOD_SHARE else lambda query: self.steps(query, behave)

    def steps(self, query: dns.Query, behave: Behaviour) -> Iterable[Step]:
        head = query.id.to_bytes(2, "big")
        for _ in range(0 if query.tcp else FLOOD):
            yield self.chance.choice((b"", head)) + self.chance.randbytes(self.chance.randint(0, 1400))
        yield from behave(query)


class Soak:
    def __init__(self, seconds: float, seed: int) -> None:
        self.seconds = seconds
        self.chance = random.Random(seed)
        self.listed: list[Case] = []
        self.memory: list[int] = []  # kB, each second
        self.in_flight = self.fetches = 0

    def draw(self) -> Case:
        return self.chance.choice(HOSTILE if self.chance.random() < 1 / 3 else SOUND)

    async def feed(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        end = time.monotonic() + self.seconds
        most = LINES_RATE * self.seconds
        while time.monotonic() < end and len(self.listed) < most and process.returncode is None:
            self.listed.append(self.draw())
            process.stdin.write(f"{self.listed[-1].domain}\n".encode())
            await process.stdin.drain()
        process.stdin.close()

    async def watch_memory(self, process: asyncio.subprocess.Process) -> None:
        while process.returncode is None:
            try:
                status = Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                return
            found = re.search(r"VmRSS:\s+(\d+)", status)
            if found:
                self.memory.append(int(found[1]))
            await asyncio.sleep(1)

    async def watch_progress(self, process: asyncio.subprocess.Process) -> bytes:
        assert process.stderr
        told = b""
        while more := await process.stderr.read(65536):
            told = (told + more)[-65536:]
            for in_flight, fetches in IN_FLIGHT.findall(more):
                self.in_flight = max(self.in_flight, int(in_flight.replace(b",", b"")))
                self.fetches = max(self.fetches, int(fetches.replace(b",", b"")))
        return told

    async def scan(self, options: list[str], output: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            stscan_path(), "scan", *OPTIONS, *options, "-o", str(output), stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE)
        watch = asyncio.ensure_future(self.watch_memory(process))
        progress = asyncio.ensure_future(self.watch_progress(process))
        await self.feed(process)
        fed = time.monotonic()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()
            done = {record["n"] for record in read_gzip(output)}
            missing = Counter(case.name for n, case in enumerate(self.listed, 1) if n not in done)
            raise RuntimeError(f"no end {END_SECONDS:.0f} s after the last line; missing: "
                               f"{missing.most_common()}") from None
        self.end_seconds = time.monotonic() - fed
        watch.cancel()
        told = await progress
        if process.returncode:
            raise RuntimeError(f"the scan ended with {process.returncode}: {told.decode()}")

    def differences(self, records: list[Record]) -> list[str]:
        wrong = []
        numbers = sorted(record["n"] for record in records)  # type: ignore[type-var]
        if numbers != list(range(1, len(self.listed) + 1)):
            wrong.append(f"{len(records)} records of {len(self.listed)} lines")
        for record in records:
            case = self.listed[record["n"] - 1]  # type: ignore[operator]
            is_ = (record.get("domain"), record["status"], record.get("effect"), codes(record))
            if case in SOUND:
                if is_ != (case.domain, case.status, case.effect, sorted(case.codes)):
                    wrong.append(f"{case.name} is {is_}")
            elif record.get("domain") != case.domain or record["status"] not in STATUSES:
                wrong.append(f"{case.name} is {is_}")
        return wrong

    def growth(self) -> float:
        quarter = max(len(self.memory) // 4, 1)
        return statistics.median(self.memory[-quarter:]) / \
            statistics.median(self.memory[quarter:2 * quarter] or self.memory)


async def run(soak: Soak, names: NameServer, web: WebServer, roots: Path, output: Path) -> None:
    name_port, web_port = test_faults.free_port(NAME_SERVER), test_faults.free_port(ADDRESS)
    await names.start(NAME_SERVER, name_port)
    await web.start(web_port)
    for address in ADDRESSES.values():
        web.servers.append(await asyncio.start_server(web.kept(web.serve), address, web_port, backlog=1024))
    try:
        await soak.scan(["--resolvers", f"{NAME_SERVER}:{name_port}", "--https-port", str(web_port),
                         "--ca-file", str(roots)], output)
    finally:
        names.close()
        web.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=SHORT_SECONDS / 60)
    parser.add_argument("--seed", type=int, default=int(os.environ.get(
        "STSCAN_SEED", random.SystemRandom().randrange(10**9))))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    soak = Soak(60 * arguments.minutes, arguments.seed)
    with tempfile.TemporaryDirectory(prefix="stscan-soak.") as made:
        scripts = {case.policy_host: case.web for case in CASES}
        chains = Chains(Path(made) / "ca", scripts)
        web = WebServer(scripts, chains.context)
        web.requests = defaultdict(lambda: deque(maxlen=1))  # type: ignore[assignment,arg-type]
        names = NameServer(Flood(random.Random(arguments.seed + 1)).find)
        output = Path(made) / "out.gz"
        asyncio.run(run(soak, names, web, chains.root, output))
        records = read_gzip(output)
    wrong = soak.differences(records)
    hostile = sum(case not in SOUND for case in soak.listed)
    print(f"{len(records)} domains, {hostile} of them hostile; at most {soak.in_flight} in flight, "
          f"{soak.fetches} fetches; end {soak.end_seconds:.1f} s after the last line; peak "
          f"{max(soak.memory) // 1024} MiB, grown by {100 * (soak.growth() - 1):.1f}%; {len(wrong)} wrong")
    if len(soak.memory) >= GROWTH_SECONDS and soak.growth() > GROWTH_MAX:
        wrong.append(f"memory grows: {soak.memory[::max(len(soak.memory) // 20, 1)]}")
    print(*wrong[:20], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
