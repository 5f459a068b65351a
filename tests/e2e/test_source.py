#!/usr/bin/env python3
"""--source: every packet that the program sends comes from the address that was given."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import unittest
from pathlib import Path

from program import ROOT, stscan, stscan_path

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import message as dns  # noqa: E402
from cases import RECORD, SOUND, http  # noqa: E402
from chains import Chains  # noqa: E402
from nameserver import Behaviour, NameServer, gives, says  # noqa: E402
from test_polite import free_port  # noqa: E402
from webserver import Connection, Script, WebServer  # noqa: E402

NAME_SERVER, WEB, SOURCE = "127.0.3.53", "127.0.8.1", "127.0.0.5"


def find_behaviour(name: str, kind: int) -> Behaviour:
    if name == "localhost":
        return gives(dns.address("127.0.0.1"))
    if name == "_mta-sts.sound.example":
        return gives(dns.txt(RECORD)) if kind == dns.TXT else gives()
    if name == "mta-sts.sound.example":
        return gives(dns.address(WEB)) if kind == dns.A else gives()
    if name == "sound.example":
        return SOUND["mx"] if kind == dns.MX else gives()
    return says(dns.NXDOMAIN)


class Peers(NameServer):
    async def answer_udp(self, packet: bytes, peer: tuple[str, int]) -> None:
        self.peers.add(peer[0])
        await super().answer_udp(packet, peer)


class WebPeers(WebServer):
    async def start(self, port: int) -> None:
        self.peers: set[str] = set()
        self.servers.append(await asyncio.start_server(self.kept(self.serve), WEB, port))

    async def serve(self, connection: Connection) -> None:
        self.peers.add(connection.writer.get_extra_info("peername")[0])
        await super().serve(connection)


class Source(unittest.TestCase):
    async def run_program(self, roots: Path, scripts: dict[str, Script], chains: Chains, *arguments: str,
                          stdin: bytes = b"") -> bytes:
        self.names, self.web = Peers(find_behaviour), WebPeers(scripts, chains.context)
        self.names.peers = set()
        name_port, web_port = free_port(), free_port()
        await self.names.start(NAME_SERVER, name_port)
        await self.web.start(web_port)
        process = await asyncio.create_subprocess_exec(
            stscan_path(), arguments[0], "--resolvers", f"{NAME_SERVER}:{name_port}", "--https-port",
            str(web_port), "--ca-file", str(roots), "--allow-private", *arguments[1:],
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        try:
            return (await asyncio.wait_for(process.communicate(stdin), 60))[0]
        finally:
            self.names.close()
            self.web.close()

    def told(self, *arguments: str, stdin: bytes = b"") -> dict[str, object]:
        scripts = {"mta-sts.sound.example": Script((http(),))}
        with tempfile.TemporaryDirectory(prefix="stscan-source.") as made:
            chains = Chains(Path(made) / "ca", scripts)
            out = asyncio.run(self.run_program(chains.root, scripts, chains, *arguments, stdin=stdin))
        record: dict[str, object] = json.loads(out)
        self.assertEqual("valid", record["status"], record)
        return record

    def test_all_traffic_comes_from_it(self) -> None:
        for words, stdin in ((("check", "--json", "sound.example"), b""),
                             (("scan", "--second-look", "0", "--progress", "never"), b"sound.example\n")):
            self.told(*words[:1], "--source", SOURCE, *words[1:], stdin=stdin)
            self.assertEqual(({SOURCE}, {SOURCE}), (self.names.peers, self.web.peers), words)

    def test_without_it_the_system_chooses(self) -> None:
        self.told("check", "--json", "sound.example")
        self.assertEqual(({"127.0.0.1"}, {"127.0.0.1"}), (self.names.peers, self.web.peers))

    def test_bad_values(self) -> None:
        for value, resolvers, status, part in (
                ("eth0", "127.0.0.1", 2, "an IPv4 address of this machine"),
                ("::1", "127.0.0.1", 2, "an IPv4 address of this machine"),
                ("127.0.0.1,127.0.0.2", "127.0.0.1", 2, "an IPv4 address of this machine"),
                ("127.0.0.1", "[2001:db8::1]", 2, "resolver [2001:db8::1]:53 needs an IPv6 address"),
                ("192.0.2.77", "127.0.0.1", 1, "192.0.2.77: Cannot assign requested address")):
            done = stscan("scan", "--source", value, "--resolvers", resolvers, "-", stdin=b"a.example\n")
            self.assertEqual(status, done.returncode, done.stderr)
            self.assertIn(part, done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
