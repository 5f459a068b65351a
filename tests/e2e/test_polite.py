#!/usr/bin/env python3
"""Sorted lists whose neighbours share an address, and dead addresses: strangers are spared, and
nobody waits for them who need not."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import tempfile
import unittest
from datetime import datetime
from pathlib import Path

from program import ROOT, Record, stscan_path

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import message as dns  # noqa: E402
from cases import RECORD, SOUND, http  # noqa: E402
from chains import Chains  # noqa: E402
from nameserver import Behaviour, NameServer, gives, says  # noqa: E402
from webserver import Connection, Script, WebServer  # noqa: E402

NAME_SERVER = "127.0.3.53"
SHARED = "127.0.8.1"
RATE, LATE = 40, 8
SHARING, ALONE = 200, 40
DEAD = 300  # more than one worker's fetches at once
CONNECT_MS = 5000
SCAN_SECONDS = 120  # far more than it takes

ADDRESSES = (
    {f"a{i:03}.shared.example": SHARED for i in range(SHARING)} |
    {f"b{i:03}.dead.example": f"127.7.{i // 250}.{1 + i % 250}" for i in range(DEAD)} |
    {f"c{i:03}.alone.example": f"127.0.9.{1 + i}" for i in range(ALONE)})


def names_of(kind: str) -> list[str]:
    return sorted(name for name in ADDRESSES if name.endswith(f".{kind}.example"))


def find_behaviour(name: str, kind: int) -> Behaviour:
    if name == "localhost":
        return gives(dns.address("127.0.0.1"))
    domain = name.removeprefix("_mta-sts.").removeprefix("mta-sts.")
    if domain not in ADDRESSES:
        return says(dns.NXDOMAIN)
    if name.startswith("_mta-sts."):
        return gives(dns.txt(RECORD)) if kind == dns.TXT else gives()
    if name.startswith("mta-sts."):
        return gives(dns.address(ADDRESSES[domain])) if kind == dns.A else gives()
    return SOUND["mx"] if kind == dns.MX else gives()


class CountingServer(WebServer):
    """Sound at the addresses of the shared and the alone; nobody accepts at any other."""

    async def start(self, port: int) -> None:
        self.made: list[float] = []
        for address in {a for a in ADDRESSES.values() if not a.startswith("127.7.")}:
            self.servers.append(await asyncio.start_server(self.kept(self.serve), address, port,
                                                           backlog=1024, reuse_port=True))
        self.fill(port, "0.0.0.0")

    async def serve(self, connection: Connection) -> None:
        if connection.writer.get_extra_info("sockname")[0] == SHARED:
            self.made.append(asyncio.get_running_loop().time())
        await super().serve(connection)


def free_port() -> int:
    with socket.create_server(("0.0.0.0", 0)) as probe:
        return int(probe.getsockname()[1])


async def scan_part(words: list[str], domains: list[str]) -> bytes:
    process = await asyncio.create_subprocess_exec(
        stscan_path(), "scan", *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL)
    out, _ = await asyncio.wait_for(process.communicate("".join(f"{d}\n" for d in domains).encode()), SCAN_SECONDS)
    return out


async def scan(web: CountingServer, roots: Path, domains: list[str], parts: tuple[tuple[str, ...], ...]) -> list[Record]:
    """One process for each of parts, which are its own words, all at once."""
    names, name_port, web_port = NameServer(find_behaviour), free_port(), free_port()
    await names.start(NAME_SERVER, name_port)
    await web.start(web_port)
    words = ["--resolvers", f"{NAME_SERVER}:{name_port}", "--https-port", str(web_port), "--ca-file", str(roots),
             "--allow-private", "--threads", "1", "--per-address-rate", str(RATE), "--connect-timeout", str(CONNECT_MS),
             "--second-look", "0", "--progress", "never"]
    try:
        outs = await asyncio.gather(*(scan_part([*words, *part], domains) for part in parts))
    finally:
        names.close()
        web.close()
    return [json.loads(line) for out in outs for line in out.splitlines()]


def ended(record: Record) -> float:
    return datetime.fromisoformat(str(record["at"]).replace("Z", "+00:00")).timestamp() + \
        float(str(record["ms"])) / 1000


class Polite(unittest.TestCase):
    def scan(self, domains: list[str], parts: tuple[tuple[str, ...], ...] = ((),),
             pause: float = 0) -> dict[str, list[Record]]:
        hosts = [f"mta-sts.{d}" for d in domains if not d.endswith(".dead.example")]
        scripts = {host: Script((pause, http()) if pause else (http(),)) for host in hosts}
        with tempfile.TemporaryDirectory(prefix="stscan-polite.") as made:
            chains = Chains(Path(made) / "ca", scripts)
            self.web = CountingServer(scripts, chains.context)
            records = asyncio.run(scan(self.web, chains.root, domains, parts))
        self.assertEqual(sorted(str(r["domain"]) for r in records), sorted(domains))
        self.assertEqual(sorted(int(str(r["n"])) for r in records),
                         list(range(1, len(domains) + 1)))
        kinds: dict[str, list[Record]] = {}
        for record in records:
            kinds.setdefault(str(record["domain"]).split(".")[1], []).append(record)
        return kinds

    def test_neighbours_that_share_an_address(self) -> None:
        kinds = self.scan(names_of("shared") + names_of("alone"))
        self.assertEqual({r["status"] for r in kinds["shared"] + kinds["alone"]}, {"valid"})
        made = sorted(self.web.made)
        self.assertEqual(len(made), SHARING)
        # As the server sees it, with what it took late.
        busiest = max(sum(start <= m < start + 1 for m in made) for start in made)
        self.assertLessEqual(busiest, RATE + LATE)
        self.assertLess(max(map(ended, kinds["alone"])), max(map(ended, kinds["shared"])))

    def test_shards_share_what_an_address_bears(self) -> None:
        """Eight processes, of which each alone may have eight connections, and as the server counts them."""
        parts = tuple(("--shard", f"{i}/8", "--per-address-rate", "0") for i in range(8))
        pause = 0.2
        kinds = self.scan(names_of("shared"), parts, pause)
        self.assertEqual({r["status"] for r in kinds["shared"]}, {"valid"})
        made = sorted(self.web.made)
        self.assertEqual(len(made), SHARING)
        # Each is open from when it was made for at least the pause.
        most = max(sum(start <= m < start + pause for m in made) for start in made)
        self.assertLessEqual(most, 8)
        self.assertGreater(most, 4)

    def test_dead_addresses_among_sound_ones(self) -> None:
        kinds = self.scan(names_of("dead") + names_of("alone"))
        self.assertEqual({r["status"] for r in kinds["alone"]}, {"valid"})
        self.assertEqual({f["code"] for r in kinds["dead"] for f in r["findings"]},
                         {"policy-tcp-timeout", "tlsrpt-absent"})
        self.assertLess(max(map(ended, kinds["alone"])), min(map(ended, kinds["dead"])))


if __name__ == "__main__":
    unittest.main()
