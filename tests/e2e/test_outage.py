"""Resolvers that go and come back: the scan waits, says so once, and writes no `unknown` for it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
import unittest
from collections import Counter

from program import SECONDS, Folder, Lab, SideBySide, read_gzip, stscan_path
from responder import Responder, question_of, reply

load_tests = SideBySide.load_tests

NAMES = 3000
RATE = 500  # queries a second: the scan lasts six seconds and the outage
GONE_SECONDS = 9  # longer than a name is asked for
WAITS = rb"the scan waits|every lookup fails"
DOUBT = 16  # names that end with SERVFAIL, all in a row, before it is in doubt that the fault is theirs
LATE = re.compile(rb"\x08_mta-sts.q\d*8\x05owner\x04test\x00")


class Resolver(Responder):
    """Knows nothing, but says so; names that begin with "silent" get no answer, and those that begin with
    "failing", or all but localhost, SERVFAIL. Of the names of one owner every eighth is answered, late, and
    all others fail, whatever is in front of them."""

    reaches_nobody = refuses = False

    def hear(self, query: bytes, client: object) -> None:
        if LATE.match(question_of(query)):
            threading.Timer(1, self.late, (self.answer(query), client)).start()
        else:
            super().hear(query, client)

    def answer(self, query: bytes) -> bytes | None:
        if b"\x06silent" in query:
            return None
        if self.refuses:
            return reply(query, b"\x81\x85")
        fails = b"\x07failing" in query or (self.reaches_nobody and b"\x09localhost" not in query)
        owned = question_of(query)[:-4].endswith(b"\5owner\4test\0") and not LATE.match(question_of(query))
        return reply(query, b"\x81\x82" if fails or owned else b"\x81\x83")

    def late(self, text: bytes, client: object) -> None:
        if self.going:
            self.socket.sendto(text, client)  # type: ignore[arg-type]


class Gone(unittest.TestCase):
    def setUp(self) -> None:
        self.responder = Resolver()
        self.addCleanup(lambda: self.responder.end())
        self.folder = self.enterContext(Folder())
        self.output = self.folder / "out.gz"

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [stscan_path(), "scan", "--resolvers", f"127.0.0.1:{self.responder.port}",
             "--dns-timeout", "1500", "--second-look", "0", *more, "-o", str(self.output)],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_a_resolver_whose_port_is_closed_for_a_while(self) -> None:
        scan = self.start("--dns-rate", str(RATE))
        while not self.output.exists() and scan.poll() is None:
            time.sleep(0.05)  # it asks its resolvers before it begins
        timer = threading.Timer(2, self.responder.end)
        timer.start()
        again = threading.Timer(2 + GONE_SECONDS, self.responder.begin)
        again.start()
        errors = scan.communicate(b"".join(b"n%d.example\n" % i for i in range(NAMES)), SECONDS)[1]
        again.join()
        self.assertEqual(scan.returncode, 0, errors.decode())
        self.assertEqual(errors.count(b"no resolver answers: the scan waits"), 1, errors.decode())
        records = read_gzip(self.output)
        self.assertEqual(sorted(r["n"] for r in records), list(range(1, NAMES + 1)))
        self.assertEqual({r["status"] for r in records}, {"absent"})

    def test_a_resolver_that_reaches_nobody_for_a_while(self) -> None:
        scan = self.start("--dns-rate", str(RATE), "--threads", "1")
        while not self.output.exists() and scan.poll() is None:
            time.sleep(0.05)
        for seconds, reaches_nobody in ((2, True), (6, False)):
            timer = threading.Timer(seconds, setattr, (self.responder, "reaches_nobody", reaches_nobody))
            timer.start()
        errors = scan.communicate(b"".join(b"n%d.example\n" % i for i in range(NAMES)), SECONDS)[1]
        self.assertEqual(scan.returncode, 0, errors.decode())
        self.assertEqual(errors.count(b"every lookup fails"), 1, errors.decode())
        self.assertEqual(errors.count(b"a resolver answers again"), 1, errors.decode())
        records = read_gzip(self.output)
        self.assertEqual(sorted(r["n"] for r in records), list(range(1, NAMES + 1)))
        statuses = Counter(r["status"] for r in records)
        self.assertEqual(statuses.keys() - {"absent", "unknown"}, set())
        self.assertLessEqual(statuses["unknown"], DOUBT)

    def test_names_that_fail_do_not_hold_up_a_scan(self) -> None:
        lines = [b"n%d.example\n" % i for i in range(300)] + [b"failing.n%d.example\n" % i for i in range(300)]
        scan = self.start()
        errors = scan.communicate(b"".join(lines), SECONDS)[1]
        self.assertEqual(scan.returncode, 0, errors.decode())
        self.assertNotRegex(errors, WAITS)
        records = read_gzip(self.output)
        self.assertEqual(Counter(r["status"] for r in records), {"absent": 300, "unknown": 300})

    def owned(self, lines: list[bytes], seconds: float) -> None:
        """Whoever owns these names decides about them alone."""
        begin = time.monotonic()
        scan = self.start()
        errors = scan.communicate(b"".join(lines), SECONDS)[1]
        self.assertEqual(scan.returncode, 0, errors.decode())
        self.assertLess(time.monotonic() - begin, seconds)
        self.assertNotRegex(errors, WAITS)
        status = {str(r["domain"]): r["status"] for r in read_gzip(self.output)}
        self.assertEqual(len(status), len(lines))
        for domain, found in status.items():
            fails = domain.endswith("owner.test") and not domain.split(".")[0].endswith("8")
            self.assertEqual(found, "unknown" if fails else "absent", domain)

    def test_one_owner_whose_names_fail_at_the_end_of_a_list(self) -> None:
        others = [b"n%d.example\n" % i for i in range(500)]
        self.owned(others + [b"q%d.owner.test\n" % i for i in range(100)], 40)

    def test_a_list_of_one_owner_whose_names_fail(self) -> None:
        self.owned([b"q%d.owner.test\n" % i for i in range(100)], 40)

    def test_one_owner_whose_names_fail_among_others(self) -> None:
        others = [b"n%d.example\n" % i for i in range(20000)]
        self.owned(others[:10000] + [b"q%d.owner.test\n" % i for i in range(400)] + others[10000:], 60)

    def test_all_resolvers_refuse_for_a_while(self) -> None:
        scan = self.start("--dns-rate", str(RATE), "--threads", "1")
        while not self.output.exists() and scan.poll() is None:
            time.sleep(0.05)
        for seconds, refuses in ((2, True), (8, False)):
            threading.Timer(seconds, setattr, (self.responder, "refuses", refuses)).start()
        errors = scan.communicate(b"".join(b"n%d.example\n" % i for i in range(NAMES)), SECONDS)[1]
        self.assertEqual(scan.returncode, 0, errors.decode())
        self.assertEqual(errors.count(b"every lookup fails"), 1, errors.decode())
        statuses = Counter(r["status"] for r in read_gzip(self.output))
        self.assertEqual(statuses.keys() - {"absent", "unknown"}, set())
        self.assertLessEqual(statuses["unknown"], DOUBT)

    def test_where_no_name_was_ever_known_none_is_waited_for(self) -> None:
        self.responder.reaches_nobody = True
        scan = self.start()
        errors = scan.communicate(b"".join(b"n%d.example\n" % i for i in range(300)), SECONDS)[1]
        self.assertEqual(scan.returncode, 0, errors.decode())
        self.assertNotRegex(errors, WAITS)
        self.assertEqual({r["status"] for r in read_gzip(self.output)}, {"unknown"})

    def test_names_that_nobody_answers_for_do_not_hold_up_a_scan(self) -> None:
        scan = self.start()
        errors = scan.communicate(b"".join(b"silent.n%d.example\n" % i for i in range(300)), SECONDS)[1]
        self.assertEqual(scan.returncode, 0, errors.decode())
        self.assertNotRegex(errors, WAITS)
        records = read_gzip(self.output)
        self.assertEqual(len(records), 300)
        self.assertEqual({r["status"] for r in records}, {"unknown"})


class Outage(unittest.TestCase):
    def setUp(self) -> None:
        self.lab = self.enterContext(Lab())
        self.folder = self.enterContext(Folder())
        self.output = self.folder / "out.gz"
        self.resolver = int((self.lab.folder / "unbound.process").read_text().split()[0])

    def start(self, names: list[str], *more: str) -> subprocess.Popen[bytes]:
        path = self.folder / "names"
        path.write_text("\n".join(names))
        return subprocess.Popen(
            [stscan_path(), "scan", *self.lab.options, "--dns-rate", str(RATE), "-o",
             str(self.output), *more, str(path)], stderr=subprocess.PIPE)

    def statuses(self) -> set[object]:
        return {record["status"] for record in read_gzip(self.output)}

    def test_a_resolver_that_is_silent_for_a_while(self) -> None:
        names = [f"n{i}.example" for i in range(NAMES)]
        scan = self.start(names)
        time.sleep(2)
        os.kill(self.resolver, signal.SIGSTOP)
        try:
            time.sleep(GONE_SECONDS)
        finally:
            os.kill(self.resolver, signal.SIGCONT)
        errors = scan.communicate(timeout=SECONDS)[1]
        self.assertEqual(scan.returncode, 0, errors.decode())
        self.assertEqual(errors.count(b"no resolver answers: the scan waits"), 1, errors.decode())
        self.assertEqual(errors.count(b"a resolver answers again"), 1, errors.decode())
        records = read_gzip(self.output)
        self.assertEqual(sorted(r["n"] for r in records), list(range(1, NAMES + 1)))
        self.assertEqual(self.statuses(), {"absent"})

    def test_a_scan_that_waits_can_be_stopped(self) -> None:
        scan = self.start([f"n{i}.example" for i in range(NAMES)])
        time.sleep(2)
        os.kill(self.resolver, signal.SIGSTOP)
        try:
            assert scan.stderr
            for line in scan.stderr:
                if b"no resolver answers: the scan waits" in line:
                    break
            scan.send_signal(signal.SIGTERM)
            scan.send_signal(signal.SIGTERM)
            errors = scan.communicate(timeout=SECONDS)[1]
        finally:
            os.kill(self.resolver, signal.SIGCONT)
        self.assertEqual(scan.returncode, 3, errors.decode())
        self.assertIn(b"stscan scan --resume", errors)
        self.assertLessEqual(self.statuses(), {"absent"})


if __name__ == "__main__":
    unittest.main()
