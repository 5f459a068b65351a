"""Resolvers as people have them: good ones beside those that are silent, refuse, fail or lie."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import threading
import time
import unittest
from collections import Counter
from pathlib import Path

from program import Folder, Record, memory_limit, read_plain, stscan, stscan_path
from responder import Responder, question_of, reply

FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 1, 2, 3, 4, 5
A = 1
START_SECONDS = 1.0  # of a start that takes some tens of ms, on a machine that is busy
SERVERS_MAX = 1024
THOUSAND_KB = 160_000  # two threads, with 256 sockets each of which the servers take turns
SILENT = ("127.0.0.1:5999", "127.0.0.2:5999")  # closed ports


class Resolver(Responder):
    """Says one rcode to everything; one that lies has an address for every name."""

    def __init__(self, rcode: int = NXDOMAIN, lies: bool = False, silent: bool = False,
                 host: str = "127.0.0.1") -> None:
        self.rcode, self.lies, self.silent = rcode, lies, silent
        self.asked: Counter[bytes] = Counter()
        super().__init__(host)

    def answer(self, query: bytes) -> bytes | None:
        question = question_of(query)
        self.asked[question[:-5].lower()] += 1
        if self.silent:
            return None
        if self.lies and struct.unpack("!H", question[-4:-2])[0] == A:
            return reply(query, b"\x81\x80", 1, b"\xc0\x0c" + struct.pack("!HHIH4s", A, 1, 60, 4, b"\x7f\0\0\1"))
        return reply(query, bytes((0x81, 0x80 | (0 if self.lies else self.rcode))))


class Crowd:
    """So many servers, one thread: each knows nothing, and says so."""

    def __init__(self, count: int) -> None:
        self.poll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        self.addresses: list[str] = []
        for i in range(count):
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.bind((f"127.2.{i // 250}.{i % 250 + 1}", 0))
            self.sockets[one.fileno()] = one
            self.addresses.append(f"{one.getsockname()[0]}:{one.getsockname()[1]}")
            self.poll.register(one, select.EPOLLIN)
        self.heard: set[int] = set()
        self.going = True
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def end(self) -> None:
        self.going = False
        self.thread.join()
        for one in self.sockets.values():
            one.close()
        self.poll.close()

    def serve(self) -> None:
        while self.going:
            for fd, _ in self.poll.poll(0.2):
                query, client = self.sockets[fd].recvfrom(4096)
                self.heard.add(fd)
                self.sockets[fd].sendto(reply(query, b"\x81\x83"), client)


class ResolversTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(Folder())

    def resolver(self, rcode: int = NXDOMAIN, **how: bool) -> Resolver:
        resolver = Resolver(rcode, **how)
        self.addCleanup(resolver.end)
        return resolver

    def scan(self, resolvers: str, names: int, *more: str) -> subprocess.CompletedProcess[bytes]:
        self.summary, self.output = self.folder / "summary.json", self.folder / "out.ndjson"
        return stscan("scan", "--resolvers", resolvers, "--second-look", "0", "--summary", self.summary, "-o", self.output,
                      *more, stdin=b"".join(b"n%d.example\n" % i for i in range(names)))

    def statuses(self) -> Counter[object]:
        return Counter(record["status"] for record in read_plain(self.output))

    def accounts(self) -> dict[str, Record]:
        return {r["address"]: r for r in json.loads(self.summary.read_text())["resolvers"]}

    def test_silent_ones_cost_no_name(self) -> None:
        good = self.resolver()
        done = self.scan(",".join((good.address, *SILENT)), 5000)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(self.statuses(), {"absent": 5000})
        for silent in SILENT:
            self.assertEqual(done.stderr.count(b"resolver %s does not answer" % silent.encode()), 1)
            self.assertTrue(self.accounts()[silent]["resting"])

    def test_ones_that_drop_everything_cost_no_name(self) -> None:
        good, mute = self.resolver(), self.resolver(silent=True)
        done = self.scan(f"{mute.address},{good.address}", 1000)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(self.statuses(), {"absent": 1000})

    def test_three_of_four_that_are_of_no_use(self) -> None:
        for rcode, says, counted in ((REFUSED, b"refuses every query", "refused"),
                                     (NOTIMP, b"refuses every query", "refused"),
                                     (SERVFAIL, b"SERVFAIL to every query", "failed")):
            good, bad = self.resolver(), [self.resolver(rcode) for _ in range(3)]
            done = self.scan(",".join(r.address for r in (*bad, good)), 600, "--force")
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertEqual(self.statuses(), {"absent": 600}, rcode)
            self.assertEqual(done.stderr.count(says), 3, done.stderr.decode())
            accounts = self.accounts()
            for resolver in bad:
                account = accounts[resolver.address]
                self.assertTrue(account["resting"])
                self.assertEqual(account[counted], account["answered"])
            self.assertEqual(accounts[good.address]["refused"], 0)

    def test_one_that_becomes_useless_is_told_in_the_account(self) -> None:
        good, bad = self.resolver(), self.resolver()
        timer = threading.Timer(1, setattr, (bad, "rcode", REFUSED))
        timer.start()
        done = self.scan(f"{bad.address},{good.address}", 4000, "--dns-rate", "1000")
        timer.join()
        self.assertEqual(self.statuses(), {"absent": 4000})
        self.assertGreater(self.accounts()[bad.address]["refused"], 0)  # type: ignore[operator]
        self.assertIn(b"of them refused", done.stderr)

    def test_one_that_lies_is_found_and_not_used(self) -> None:
        good, liar = self.resolver(), self.resolver(lies=True)
        done = self.scan(f"{liar.address},{good.address}", 500)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn(b"resolver %s gives addresses for names that do not exist" % liar.address.encode(),
                      done.stderr)
        self.assertEqual(self.statuses(), {"absent": 500})
        self.assertEqual(self.accounts()[liar.address]["sent"], 0)
        tops = {name.split(b"\3")[-1] for name in liar.asked if name != b"\x09localhost"}
        self.assertEqual(tops, {b"com", b"net", b"org"})

    def test_where_all_lie_nothing_is_written(self) -> None:
        liars = [self.resolver(lies=True) for _ in range(2)]
        done = self.scan(",".join(r.address for r in liars), 10)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no resolver can be believed", done.stderr)
        self.assertFalse(self.output.exists())
        done = stscan("check", "--resolvers", liars[0].address, "a.example")
        self.assertEqual((done.returncode, done.stdout), (2, b""))

    def limited(self, descriptors: int, *words: str | Path, stdin: bytes) \
            -> tuple[subprocess.CompletedProcess[bytes], int]:
        """And the most memory that it had, in kB."""
        script = f'ulimit -n {descriptors}; exec "$@"'
        with (self.folder / "errors").open("w+b") as errors:
            with subprocess.Popen(["sh", "-c", script, "sh", stscan_path(), *map(str, words)],
                                  stdin=subprocess.PIPE, stderr=errors) as scan:
                assert scan.stdin
                scan.stdin.write(stdin)
                scan.stdin.close()
                _, status, usage = os.wait4(scan.pid, 0)
                scan.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            done = subprocess.CompletedProcess(words, scan.returncode, b"", errors.read())
        return done, usage.ru_maxrss

    def crowd(self, servers: int, names: int, descriptors: int) -> tuple[Crowd, bytes, int]:
        crowd = Crowd(servers)
        self.addCleanup(crowd.end)
        path, self.output = self.folder / "resolvers", self.folder / "out.ndjson"
        path.write_text("".join(f"{address} # one\n" for address in crowd.addresses))
        done, peak = self.limited(descriptors, "scan", "--threads", "2", "--resolvers", f"@{path}", "-o",
                                  self.output, stdin=b"".join(b"n%d.example\n" % i for i in range(names)))
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(self.statuses(), {"absent": names})
        return crowd, done.stderr, peak

    def test_few_descriptors_for_many_servers(self) -> None:
        _, errors, _ = self.crowd(32, 20000, 135)
        self.assertIn(b"135 file descriptors are allowed", errors)

    def test_a_thousand_servers(self) -> None:
        crowd, _, peak = self.crowd(SERVERS_MAX, 5000, 100000)
        self.assertGreater(len(crowd.heard), SERVERS_MAX - 50)
        self.assertLess(peak, memory_limit(THOUSAND_KB))
        path = self.folder / "resolvers"
        path.write_text(path.read_text() + "127.0.0.1 # one too many\n")
        done = stscan("scan", "--resolvers", f"@{path}", stdin=b"a.example\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"line {SERVERS_MAX + 1}: 127.0.0.1 is one too many: at most {SERVERS_MAX} are"
                      .encode(), done.stderr)

    def test_a_wrong_line_is_named(self) -> None:
        path = self.folder / "resolvers"
        for text, said in (("127.0.0.1\n\nns.example # ours\n", b'line 3: "ns.example" is not allowed'),
                           ("", b"no address is in it"), ("# none\n", b"no address is in it")):
            path.write_text(text)
            done = stscan("scan", "--resolvers", f"@{path}", stdin=b"a.example\n")
            self.assertIn(said, done.stderr)
            self.assertEqual(done.returncode, 2 if text[:1] == "1" else 1)

    def test_a_start_waits_for_nobody_once_one_has_answered(self) -> None:
        for servers in ((self.resolver(),), (self.resolver(REFUSED),),
                        (self.resolver(), *(self.resolver(silent=True) for _ in range(3)))):
            for command in ("scan", "check"):
                begin = time.monotonic()
                stscan(command, "--resolvers", ",".join(r.address for r in servers),
                       *(() if command == "scan" else ("a.example",)), *(("-",) * (command == "scan")))
                self.assertLess(time.monotonic() - begin,
                                START_SECONDS + 8 * (servers[0].rcode == REFUSED and command == "check"))


if __name__ == "__main__":
    unittest.main()
