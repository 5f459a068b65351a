#!/usr/bin/env python3
"""Public addresses, in a network of the test's own: this machine's are not contacted, and those of one /24 or /64
have a limit together.

Skipped where no such network may be made.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import subprocess
import sys
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path

from program import ROOT, Record, codes, stscan_path

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import message as dns  # noqa: E402
import own_network  # noqa: E402
from cases import RECORD, SOUND  # noqa: E402
from nameserver import Behaviour, NameServer, gives, says  # noqa: E402

NAME_SERVER, NAME_PORT, WEB_PORT = "127.0.0.1", 5300, 443
OWN = {4: "8.8.4.4", 6: "2001:4860:4860::8844"}
ROUTED = {4: ipaddress.ip_network("9.9.9.0/24"), 6: ipaddress.ip_network("2620:fe:0:1::/64")}  # not an interface's
EACH = 300  # names of each family, on as many addresses as there are
AT_ONCE = 8
SECONDS = 60

ADDRESSES = {f"own{family}.test": (family, ip) for family, ip in OWN.items()} | \
    {f"n{i}.v{family}.test": (family, str(network[1 + i % 250]))
     for family, network in ROUTED.items() for i in range(EACH)} | \
    {f"n{i}.one.test": (4, "9.9.8.1") for i in range(40)}


def find_behaviour(name: str, kind: int) -> Behaviour:
    if name == "localhost":
        return gives(dns.address("127.0.0.1"))
    domain = name.removeprefix("_mta-sts.").removeprefix("mta-sts.")
    if domain not in ADDRESSES:
        return says(dns.NXDOMAIN)
    family, ip = ADDRESSES[domain]
    if name.startswith("_mta-sts."):
        return gives(dns.txt(RECORD)) if kind == dns.TXT else gives()
    if name.startswith("mta-sts."):
        return gives(dns.address(ip)) if kind == (dns.A if family == 4 else dns.AAAA) else gives()
    return SOUND["mx"] if kind == dns.MX else gives()


class Silent:
    """Takes connections to any address, says nothing, and counts those to each prefix and address."""

    def __init__(self) -> None:
        self.open, self.most, self.all = Counter[str](), Counter[str](), Counter[str]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ip = ipaddress.ip_address(writer.get_extra_info("sockname")[0])
        near = ipaddress.ip_network((ip, 24 if ip.version == 4 else 64), strict=False)
        for key in (str(ip), str(near)):
            self.all[key] += 1
            self.open[key] += 1
            self.most[key] = max(self.most[key], self.open[key])
        try:
            while await reader.read(4096):
                pass
        except OSError:
            pass
        for key in (str(ip), str(near)):
            self.open[key] -= 1
        writer.close()


async def scan(silent: Silent, folder: Path) -> list[Record]:
    (folder / "list").write_text("".join(f"{d}\n" for d in ADDRESSES))
    names = NameServer(find_behaviour)
    await names.start(NAME_SERVER, NAME_PORT)
    servers = [await asyncio.start_server(silent.serve, host, WEB_PORT, backlog=1024) for host in ("0.0.0.0", "::")]
    process = await asyncio.create_subprocess_exec(
        stscan_path(), "scan", "--resolvers", f"{NAME_SERVER}:{NAME_PORT}", "--https-timeout", "1500",
        "--per-address", str(AT_ONCE), "--per-address-rate", "0", "--second-look", "0", "--progress", "never",
        "-o", str(folder / "out"), str(folder / "list"))
    try:
        status = await asyncio.wait_for(process.wait(), SECONDS)
    finally:
        names.close()
        for server in servers:
            server.close()
    assert status == 0
    return [json.loads(line) for line in (folder / "out").read_text().splitlines()]


def set_up() -> None:
    own_network.enter()
    for words in (["address", "add", f"{OWN[4]}/32", "dev", "lo"], ["-6", "address", "add", f"{OWN[6]}/128", "dev", "lo"],
                  ["route", "add", "local", "9.9.8.0/23", "dev", "lo"],
                  ["route", "add", "198.41.0.4/32", "dev", "lo", "src", OWN[4]],  # we are this to the Internet
                  ["-6", "route", "add", "local", str(ROUTED[6]), "dev", "lo"],
                  ["-6", "route", "add", "default", "dev", "lo"]):
        subprocess.run(["ip", *words], check=True)
    time.sleep(0.1)


class EhloNames:
    """What DNS says of names that a machine may have, and of the name of its address."""

    def __init__(self, reverse: str) -> None:
        self.reverse = reverse

    def find(self, name: str, kind: int) -> Behaviour:
        ours = {"localhost": "127.0.0.1", "own.test": OWN[4], "else.test": "9.9.9.9"}
        if name in ours:
            return gives(dns.address(ours[name])) if kind == dns.A else gives()
        if self.reverse and name == ".".join(OWN[4].split(".")[::-1]) + ".in-addr.arpa":
            return gives(dns.ptr(self.reverse))
        return says(dns.NXDOMAIN)


async def introduce(machine: str, reverse: str, *options: str) -> tuple[int, str]:
    """A check by a machine of that name; what it says before."""
    names = NameServer(EhloNames(reverse).find)
    await names.start(NAME_SERVER, NAME_PORT)
    process = await asyncio.create_subprocess_exec(
        "unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', machine, stscan_path(), "check",
        "--resolvers", f"{NAME_SERVER}:{NAME_PORT}", "--probe-mx", *options, "nobody.test",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
    try:
        _, said = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        names.close()
    return process.returncode or 0, said.decode()


class OwnNetwork(unittest.TestCase):
    def test_a_name_that_leads_to_us(self) -> None:
        """Without one of its own that leads to it, a machine does not ask; one that was given is as it is."""
        nowhere, elsewhere = "does not resolve", "does not resolve to the address that we ask from"
        no_name, wrong_name = f"{OWN[4]} has no reverse name", "which does not lead back to it"
        for machine, reverse, options, status, says_so in (
                ("own.test", "own.test", [], 0, []),
                ("own.test", "", [], 0, [no_name]),
                ("own.test", "else.test", [], 0, ["else.test, " + wrong_name]),
                ("nobody.test", "own.test", [], 2, [f"name nobody.test {nowhere}, ", "give --ehlo NAME"]),
                ("else.test", "own.test", [], 2, [f"name else.test {elsewhere}, ", "give --ehlo NAME"]),
                ("vm", "own.test", [], 2, ['is called "vm"', "needs --ehlo NAME"]),
                ("vm", "own.test", ["--ehlo", "nobody.test"], 0, [f"--ehlo nobody.test {nowhere}: "]),
                ("vm", "own.test", ["--ehlo", "else.test"], 0, [f"--ehlo else.test {elsewhere}: "]),
                ("vm", "own.test", ["--ehlo", "own.test"], 0, [])):
            with self.subTest(machine=machine, reverse=reverse, options=options):
                ended, said = asyncio.run(introduce(machine, reverse, *options))
                self.assertEqual(ended, status, said)
                for text in says_so:
                    self.assertIn(text, said)
                if not says_so:
                    self.assertEqual(said, "")

    def test_own_addresses_and_prefixes(self) -> None:
        silent = Silent()
        with tempfile.TemporaryDirectory(prefix="stscan-own.") as made:
            records = {str(r["domain"]): r for r in asyncio.run(scan(silent, Path(made)))}
        self.assertEqual(records.keys(), ADDRESSES.keys())
        for family, ip in OWN.items():
            record = records[f"own{family}.test"]
            self.assertIn("policy-address-not-public", codes(record), record)
            self.assertIn(f"{ip} is this machine's own", str(record["findings"]))
            self.assertEqual(silent.all[ip], 0)
        others = {codes(r)[0] for d, r in records.items() if not d.startswith("own")}
        self.assertEqual(others, {"policy-tls-timeout"})
        for network in ROUTED.values():
            self.assertEqual(silent.all[str(network)], EACH)
            # As the server sees it: one may end here a little after the next has begun.
            self.assertLessEqual(silent.most[str(network)], 8 * AT_ONCE + 4)
            self.assertGreater(silent.most[str(network)], 4 * AT_ONCE)
        self.assertLessEqual(silent.most["9.9.8.1"], AT_ONCE + 1)


if __name__ == "__main__":
    try:
        set_up()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"skipped: {error}")
        sys.exit(0)
    unittest.main(verbosity=2)
