#!/usr/bin/env python3
"""Crowds before addresses that say nothing, and owners who fill the memory: the others get on."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from collections.abc import Iterator
from pathlib import Path

from program import ROOT, Record, codes, is_sanitized, memory_limit, stscan_path

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

from cases import http  # noqa: E402
from chains import Chains  # noqa: E402
from webserver import Script, WebServer  # noqa: E402

NAME_SERVER = "127.0.3.54"
SILENT = "127.6.0.1"  # connections are made, and nothing comes
# Likewise, in so many /24 that they may have more transfers than there are.
MUTE = [f"127.6.{i}.{j}" for i in range(1, 11) for j in range(1, 11)]
CROWD, ABSENT, SOUND = 20000, 20000, 40
SECONDS = 150  # far more than it takes; alone they would take hours
BIG = 6000
MUTES = 1000
MEMORY_KB = 64 * 1024

RECORD = b"v=STSv1; id=1;"
TXT, MX, A = 16, 15, 1


def text(octets: bytes) -> bytes:
    return b"".join(bytes([len(octets[i:i + 255])]) + octets[i:i + 255]
                    for i in range(0, len(octets), 255))


def record(kind: int, data: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


def big_host(number: int) -> bytes:
    """250 octets on the wire, 1 kB when they are escaped."""
    first = bytes([1 + number % 250]) + b"\1" * 61
    return b"".join(bytes([len(x)]) + x for x in (first, b"\2" * 62, b"\3" * 62, b"\4" * 58)) + b"\0"


BIG_ANSWERS = {
    b"_mta-sts": [record(TXT, text(RECORD + b" x=" + b"a" * 60000))],
    b"_smtp": [record(TXT, text(b"v=TLSRPTv1; rua=mailto:a@example.com; x=" + b"a" * 60000))],
    b"": [record(MX, struct.pack("!H", i) + big_host(i)) for i in range(240)],
}


def answers(labels: list[bytes], kind: int) -> list[bytes] | None:
    """None: the name does not exist."""
    if labels == [b"localhost"]:
        return [record(A, socket.inet_aton("127.0.0.1"))]
    owner, first = labels[-2] if len(labels) > 1 else b"", labels[0]
    if owner == b"absent":
        return None
    if first == b"mta-sts" and kind == A:
        number = int(labels[1][1:])
        address = {b"sound": f"127.0.9.{1 + number % 200}",
                   b"mute": MUTE[number % len(MUTE)]}.get(owner, SILENT)
        return [record(A, socket.inet_aton(address))]
    if owner == b"big" and kind in (TXT, MX):
        return BIG_ANSWERS[first if first in BIG_ANSWERS else b""]
    if first == b"_mta-sts" and kind == TXT:
        return [record(TXT, text(RECORD))]
    if kind == MX:
        return [record(MX, b"\0\1\4mail\5fault\7example\0")]
    return []


def reply(query: bytes, tcp: bool) -> bytes:
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]])
        at += 1 + query[at]
    found = answers(labels, query[at + 2])
    rcode, found = (0, found) if found is not None else (3, [])
    body = b"".join(found)
    cut = not tcp and len(body) > 1000
    head = struct.pack("!HHHHH", 0x8180 | (0x200 if cut else 0) | rcode, 1,
                       0 if cut else len(found), 0, 0)
    return query[:2] + head + query[12:at + 5] + (b"" if cut else body)


def serve_stream(peer: socket.socket) -> None:
    with peer:
        stream = peer.makefile("rb")
        while len(size := stream.read(2)) == 2:
            query = stream.read(struct.unpack("!H", size)[0])
            out = reply(query, True)
            try:
                peer.sendall(struct.pack("!H", len(out)) + out)
            except OSError:
                return


def serve_names(port: int) -> None:
    """The name server; a process of its own, so that it keeps up."""
    listener = socket.create_server((NAME_SERVER, port), backlog=1024)

    def accept() -> None:
        while True:
            threading.Thread(target=serve_stream, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    datagrams.bind((NAME_SERVER, port))
    print("ready", flush=True)
    while True:
        query, peer = datagrams.recvfrom(2048)
        datagrams.sendto(reply(query, False), peer)


def free_port() -> int:
    with socket.create_server(("0.0.0.0", 0)) as probe:
        return int(probe.getsockname()[1])


class SoundServer(WebServer):
    async def start(self, port: int) -> None:
        for i in range(SOUND):
            self.servers.append(await asyncio.start_server(
                self.kept(self.serve), f"127.0.9.{1 + i}", port, backlog=1024, reuse_port=True))


class Net:
    """The name server, the sound web server, and the silent address."""

    def __init__(self, folder: Path) -> None:
        scripts = {f"mta-sts.s{i}.sound.test": Script((http(),)) for i in range(SOUND)}
        chains = Chains(folder / "ca", scripts)
        self.root = chains.root
        self.name_port, self.web_port = free_port(), free_port()
        self.silent = [socket.create_server((ip, self.web_port), backlog=4096)
                       for ip in (SILENT, *MUTE)]
        self.names = subprocess.Popen([sys.executable, __file__, "serve", str(self.name_port)],
                                      stdout=subprocess.PIPE)
        assert self.names.stdout and self.names.stdout.readline()
        web = SoundServer(scripts, chains.context)
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()

        def run() -> None:
            self.loop.run_until_complete(web.start(self.web_port))
            ready.set()
            self.loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        assert ready.wait(20)

    def close(self) -> None:
        self.names.kill()
        self.names.wait()
        assert self.names.stdout
        self.names.stdout.close()
        for listener in self.silent:
            listener.close()
        self.loop.call_soon_threadsafe(self.loop.stop)

    def options(self) -> list[str]:
        return ["--resolvers", f"{NAME_SERVER}:{self.name_port}", "--https-port",
                str(self.web_port), "--ca-file", str(self.root), "--allow-private",
                "--second-look", "0", "--progress", "never"]


def peak_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def descriptors(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


class Crowds(unittest.TestCase):
    def setUp(self) -> None:
        made = tempfile.TemporaryDirectory(prefix="stscan-crowd.")
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.net = Net(self.folder)
        self.addCleanup(self.net.close)

    def scan(self, domains: list[str], *options: str) -> Iterator[Record]:
        """Its records as they come; it is stopped when the caller has had enough."""
        (self.folder / "list").write_text("".join(f"{d}\n" for d in domains))
        self.process = subprocess.Popen(
            [stscan_path(), "scan", *self.net.options(), *options, str(self.folder / "list")],
            stdout=subprocess.PIPE)
        deadline = time.monotonic() + SECONDS
        assert self.process.stdout
        held = b""
        self.descriptors = 0
        try:
            while time.monotonic() < deadline:
                self.descriptors = max(self.descriptors, descriptors(self.process.pid))
                if not select.select([self.process.stdout], [], [], 1)[0]:
                    continue
                piece = os.read(self.process.stdout.fileno(), 1 << 20)
                if not piece:
                    break
                *lines, held = (held + piece).split(b"\n")
                for line in lines:
                    yield json.loads(line)
        finally:
            self.peak = peak_kb(self.process.pid)
            self.process.send_signal(signal.SIGINT)
            self.process.send_signal(signal.SIGTERM)
            time.sleep(1.2)
            self.process.send_signal(signal.SIGTERM)
            self.process.stdout.close()
            self.process.wait(30)

    def take(self, records: Iterator[Record], wanted: set[str]) -> dict[str, Record]:
        """The records of those names, which must come while the others wait."""
        found: dict[str, Record] = {}
        for one in records:
            name = str(one["domain"])
            self.assertNotIn(name, found)
            if name in wanted:
                found[name] = one
            if len(found) == len(wanted):
                break
        records.close()  # type: ignore[attr-defined]
        self.assertEqual(len(found), len(wanted), "in time")
        return found

    def test_a_silent_address_holds_nobody_up(self) -> None:
        crowd = [f"n{i}.crowd.test" for i in range(CROWD)]
        absent = [f"n{i}.absent.test" for i in range(ABSENT)]
        sound = [f"s{i}.sound.test" for i in range(SOUND)]
        found = self.take(self.scan(crowd + sound + absent), set(sound + absent))
        self.assertEqual({found[d]["status"] for d in absent}, {"absent"})
        self.assertEqual({found[d]["status"] for d in sound}, {"valid"},
                         {d: codes(found[d]) for d in sound if found[d]["status"] != "valid"})
        self.assertLess(self.peak, memory_limit(MEMORY_KB))

    def test_large_answers_fill_no_memory(self) -> None:
        big = [f"n{i}.big.test" for i in range(BIG)]
        absent = [f"n{i}.absent.test" for i in range(2000)]
        sound = [f"s{i}.sound.test" for i in range(SOUND)]
        found = self.take(self.scan(big + sound + absent), set(sound + absent))
        self.assertEqual({found[d]["status"] for d in absent}, {"absent"})
        self.assertEqual({found[d]["status"] for d in sound}, {"valid"},
                         {d: codes(found[d]) for d in sound if found[d]["status"] != "valid"})
        self.assertLess(self.peak, memory_limit(MEMORY_KB))

    def test_silent_hosts_fill_no_memory(self) -> None:
        """Each on an address of its own, nearly: as many transfers as there may be."""
        mute = [f"n{i}.mute.test" for i in range(MUTES)]
        absent = [f"n{i}.absent.test" for i in range(2000)]
        sound = [f"s{i}.sound.test" for i in range(SOUND)]
        found = self.take(self.scan(mute + sound + absent, "--https-timeout", "3000"),
                          set(sound + absent))
        self.assertEqual({found[d]["status"] for d in absent}, {"absent"})
        self.assertEqual({found[d]["status"] for d in sound}, {"valid"},
                         {d: codes(found[d]) for d in sound if found[d]["status"] != "valid"})
        self.assertGreater(self.descriptors, 416)
        self.assertLess(self.peak, memory_limit(MEMORY_KB))

    def test_an_unwritable_temporary_folder_is_told(self) -> None:
        """When those who wait are more than memory keeps."""
        (self.folder / "list").write_text("".join(f"n{i}.crowd.test\n" for i in range(25000)))
        process = subprocess.Popen(
            [stscan_path(), "scan", *self.net.options(), "--threads", "1", "-o", "/dev/null", "--force",
             str(self.folder / "list")], stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": "/nowhere"})
        watch = threading.Timer(SECONDS, process.kill)
        watch.start()
        assert process.stderr
        said = process.stderr.readline()
        process.kill()
        process.wait()
        process.stderr.close()
        watch.cancel()
        self.assertIn(b"no temporary file can be written in /nowhere", said)

    def test_who_waits_is_done_in_the_end(self) -> None:
        """Every line once, through files and back, whatever had to wait."""
        crowd = [f"n{i}.crowd.test" for i in range(300)]
        absent = [f"n{i}.absent.test" for i in range(500)]
        records = list(self.scan(crowd + absent, "--concurrency", "32", "--https-timeout", "1000",
                                 "--per-address-rate", "0", "--per-address", "40"))
        self.assertEqual(self.process.returncode, 0)
        self.assertEqual(sorted(int(str(r["n"])) for r in records), list(range(1, 801)))
        waited = [r for r in records if str(r["domain"]).endswith("crowd.test")]
        self.assertEqual({codes(r)[0] for r in waited}, {"policy-tls-timeout"})

    def test_who_is_aside_is_not_done_when_stopped(self) -> None:
        crowd = [f"n{i}.crowd.test" for i in range(200)]
        absent = [f"n{i}.absent.test" for i in range(200)]
        out = self.folder / "r.ndjson"
        (self.folder / "list").write_text("".join(f"{d}\n" for d in crowd + absent))
        command = [stscan_path(), "scan", *self.net.options(), "--concurrency", "32", "--resume",
                   "-o", str(out), "--https-timeout", "1000", str(self.folder / "list")]
        first = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and out.exists() is False or \
                len(out.read_bytes().splitlines()) < 200:
            time.sleep(0.1)
        first.send_signal(signal.SIGTERM)
        self.assertEqual(first.wait(30), 3)
        self.assertLess(len(out.read_bytes().splitlines()), 400)
        command[command.index("--https-timeout") + 1] = "1000"
        second = subprocess.run(command + ["--per-address", "0"], stderr=subprocess.DEVNULL,
                                timeout=SECONDS, check=False)
        self.assertEqual(second.returncode, 0)
        done = [json.loads(line)["n"] for line in out.read_bytes().splitlines()]
        self.assertEqual(sorted(done), list(range(1, 401)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve_names(int(sys.argv[2]))
    unittest.main(verbosity=2)
