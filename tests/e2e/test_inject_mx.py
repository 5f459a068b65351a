#!/usr/bin/env python3
"""As test_inject, of a scan that probes mail servers: whatever call fails, no record says of a mail server what
was trouble of our own, and what is missing is done by a resume.

Draws 120 points by a seed; STSCAN_INJECT=5000 draws so many, STSCAN_SEED repeats a draw.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import unittest
from pathlib import Path

from program import ROOT, Folder, Record, read_plain, stscan_path
from test_inject import ABORTS, ERRNOS, HANG_SECONDS
from test_prober import addresses_of, host_of, places
from test_resume import lasting

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import message as dns  # noqa: E402
from chains import Chains  # noqa: E402
from mail_cases import MAIL_CASES, MailCase  # noqa: E402
from mailserver import MailScript, MailServer  # noqa: E402
from nameserver import Behaviour, NameServer, gives, says  # noqa: E402
from test_polite import free_port  # noqa: E402

POINTS = int(os.environ.get("STSCAN_INJECT", "120"))
SEED = os.environ.get("STSCAN_SEED", str(random.SystemRandom().randrange(10**9)))
AT_ONCE = 3
NAME_SERVER = "127.0.3.56"
# None of them has a second round, which comes after a minute.
NAMES = ("sound", "rsa", "554", "no-starttls", "helo-only", "wrong-name", "self-signed", "expires-soon", "refused",
         "dead-then-good", "quit-never-clear")
CASES = [case for case in MAIL_CASES if case.name in NAMES]


def outcome(record: Record) -> object:
    """Without what another run may do in another way: how often a server was asked."""
    return lasting({k: v for k, v in record.items() if k not in ("looks", "first")})


def domain_of(case: MailCase) -> str:
    return f"{case.name}.example"


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.addresses = addresses_of(CASES)
        self.hosts = {host_of(case): self.addresses[case.name] for case in CASES}
        self.domains = {domain_of(case): host_of(case) for case in CASES} | {
            "also-sound.example": host_of(CASES[0]), "absent-host.example": "mx.absent.example"}
        self.names = folder / "names"
        self.names.write_text("".join(f"{domain}\n" for domain in (*self.domains, "absent.example")))

    def find(self, name: str, kind: int) -> Behaviour:
        if name == "localhost":
            return gives(dns.address("127.0.0.1"))
        if name in self.hosts:
            return gives(*map(dns.address, self.hosts[name]))
        domain = name.removeprefix("_mta-sts.")
        if domain not in self.domains:
            return says(dns.NXDOMAIN)
        if name.startswith("_mta-sts."):
            return gives(dns.txt("v=STSv1; id=1;")) if kind == dns.TXT else gives()
        return gives(dns.mx(10, self.domains[domain]))

    async def start(self) -> None:
        all_places = list(places(CASES, self.addresses))
        scripts = {address: place for _, place, address in all_places if isinstance(place, MailScript)}
        hosts = {host_of(case): place for case, place, _ in all_places if isinstance(place, MailScript)}
        self.chains = Chains(self.folder / "ca", hosts)  # type: ignore[arg-type]
        self.mail, self.dns = MailServer(scripts, self.chains.context), NameServer(self.find)  # type: ignore[arg-type]
        self.port, self.name_port = free_port(), free_port()
        await self.mail.start(self.port)
        await self.dns.start(NAME_SERVER, self.name_port)

    def close(self) -> None:
        self.mail.close()
        self.dns.close()

    async def scan(self, out: Path, environment: dict[str, str], *more: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            stscan_path(), "scan", "--resolvers", f"{NAME_SERVER}:{self.name_port}", "--allow-private", "--ca-file",
            str(self.chains.root), "--second-look", "0", "--threads", "1", "--probe-mx", "--ehlo",
            "scan.example.org", "--smtp-port", str(self.port), "--smtp-rate", "0", "--smtp-per-address", "0",
            "--smtp-per-address-rate", "0", *more, "-o", str(out), str(self.names),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **environment})
        try:
            _, said = await asyncio.wait_for(process.communicate(), HANG_SECONDS)
        except asyncio.TimeoutError:
            process.kill()
            return -1, "it hangs"
        return process.returncode or 0, said.decode()


def draw(counts: Path) -> list[dict[str, str]]:
    print(f"seed {SEED}: STSCAN_SEED={SEED} repeats this run", flush=True)
    chance = random.Random(SEED)
    made = {call: int(count) for call, count in map(str.split, counts.read_text().splitlines())
            if call in ERRNOS and count != "0"}
    points = []
    for i in range(POINTS):
        call = "malloc" if i % 2 == 0 else chance.choice(sorted(made))
        points.append({"INJECT_CALL": call, "INJECT_NTH": str(chance.randint(1, made[call])), "INJECT_TIMES": "1",
                       "INJECT_ERRNO": str(chance.choice(ERRNOS[call]))})
    return points


@unittest.skipUnless("STSCAN_INJECTOR" in os.environ, "not beside a sanitizer")
class InjectMx(unittest.TestCase):
    def wrong(self, out: Path, whole: bool) -> list[str]:
        records = {int(str(r["n"])): outcome(r) for r in (read_plain(out) if out.exists() else [])}
        faults = [f"line {n} is {record}, not {self.expected.get(n)}" for n, record in records.items()
                  if record != self.expected.get(n)]
        if whole and len(records) != len(self.expected):
            faults.append(f"{len(records)} records")
        return faults

    async def try_point(self, world: World, number: int, point: dict[str, str]) -> list[str]:
        out = world.folder / f"point{number}.ndjson"
        injected = {**point, "LD_PRELOAD": os.environ["STSCAN_INJECTOR"]}
        status, said = await world.scan(out, injected)
        if status not in (0, 1, 3) and not (status < 0 and point["INJECT_CALL"] in ABORTS):
            return [f"ended with {status}: {said}"]
        faults = self.wrong(out, status == 0)
        if status:
            again, said = await world.scan(out, {}, "--resume")
            faults += self.wrong(out, True) if again == 0 else [f"not resumed: {again}, {said}"]
        out.unlink(missing_ok=True)
        return faults

    async def run_all(self, folder: Path) -> list[str]:
        world = World(folder)
        await world.start()
        counts, undisturbed = folder / "counts", folder / "undisturbed.ndjson"
        preload = {"LD_PRELOAD": os.environ["STSCAN_INJECTOR"], "INJECT_COUNTS": str(counts)}
        self.assertEqual((await world.scan(undisturbed, preload))[0], 0)
        self.expected = {int(str(r["n"])): outcome(r) for r in read_plain(undisturbed)}
        self.assertEqual(len(self.expected), len(world.domains) + 1)
        gate = asyncio.Semaphore(AT_ONCE)

        async def gated(number: int, point: dict[str, str]) -> list[str]:
            async with gate:
                return [f"{point}: {fault}" for fault in await self.try_point(world, number, point)]

        try:
            found = await asyncio.gather(*(gated(i, point) for i, point in enumerate(draw(counts))))
        finally:
            world.close()
        return sum(found, [])

    def test_every_call_fails(self) -> None:
        with Folder() as folder:
            wrong = asyncio.run(self.run_all(folder))
        print(f"{POINTS} failures injected, {len(wrong)} not borne")
        self.assertFalse(wrong, "\n" + "\n".join(wrong))


if __name__ == "__main__":
    unittest.main()
