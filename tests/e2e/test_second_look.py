#!/usr/bin/env python3
"""A second look at what may pass: a world of which a third is sick at first and sound later.

Every verdict is that of the second look, what passed is counted by code, and a scan that is stopped
or killed while domains wait has each line once when it was resumed.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import signal
import sys
import tempfile
import threading
import time
import unittest
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from subprocess import PIPE, Popen

from program import ROOT, Record, codes, is_sanitized, parse, stscan, stscan_path

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import message as dns  # noqa: E402
from cases import POLICY, SOUND, alert, http  # noqa: E402
from chains import Chains  # noqa: E402
from message import Query  # noqa: E402
from nameserver import Behaviour, NameServer, Step, gives, late, says, silent  # noqa: E402
from test_faults import ROLES, free_port  # noqa: E402
from webserver import ADDRESS, End, Script, WebServer  # noqa: E402

NAME_SERVER = "127.0.3.56"
ZONE = "second.example"
SECONDS = 120  # more than any of it takes
SICK = 10 if is_sanitized() else 5  # seconds from the first question on: the first look has ended by then
WAIT = SICK + 1  # seconds before the second look
SOUND_HTTP = (http(),)


def web_first(*steps: object, plain: bool = False) -> Script:
    first = Script(plain=steps) if plain else Script(steps)  # type: ignore[arg-type]
    return Script(SOUND_HTTP, first=first, first_seconds=SICK)


# What is wrong at first: the code, whose behaviour it is, and how it behaves.
PASSING: dict[str, tuple[str, str, object]] = {
    "servfail": ("record-dns-servfail", "record", says(dns.SERVFAIL)),
    "refused": ("record-dns-refused", "record", says(dns.REFUSED)),
    "silent": ("record-dns-timeout", "record", silent),
    "host-servfail": ("policy-dns-servfail", "a", says(dns.SERVFAIL)),
    "mx-silent": ("mx-dns-timeout", "mx", silent),
    "error": ("policy-http-status", "web", web_first(http(b"", status="HTTP/1.1 500 Oh"))),
    "truncated": ("policy-http-truncated", "web", web_first(http(POLICY, length=len(POLICY) + 9), End.CLOSE)),
    "closed": ("policy-tls-closed", "web", web_first(End.CLOSE, plain=True)),
    "no-answer": ("policy-http-invalid", "web", web_first(End.CLOSE)),
    "alert": ("policy-tls-alert", "web", web_first(alert(80), plain=True)),
    "late": ("policy-http-timeout", "web", web_first(End.SILENCE)),
}
# What does not pass: the domain is looked at once, and that is told.
LASTING: dict[str, tuple[str, Script]] = {
    "missing": ("policy-http-status", Script((http(b"", status="HTTP/1.1 404 No"),))),
    "elsewhere": ("policy-http-status", Script((http(b"", status="HTTP/1.1 404 No"),),
                                               at={"/mta-sts.txt": SOUND_HTTP,
                                                   "/well-known/mta-sts.txt": (http(b"<p>No</p>"),)})),
    "other-alert": ("policy-tls-alert", Script(plain=(alert(112),))),
    "empty": ("policy-empty", Script((http(b""),))),
}
# What is there at the second look as well.
STAYS: dict[str, tuple[str, Script]] = {
    "always-error": ("policy-http-status", Script((http(b"", status="HTTP/1.1 500 Oh"),))),
}
# Another fault at the second look.
WORSE = "worse"
WORSE_SCRIPT = Script((http(b"", "Location: /", status="HTTP/1.1 301 No"),),
                      first=Script((http(b"", status="HTTP/1.1 500 Oh"),)), first_seconds=SICK)
COPIES = 6  # of each kind


class World:
    """The servers, and the domains in the order of a list."""

    def __init__(self, folder: Path) -> None:
        self.behaviours: dict[str, dict[str, Behaviour]] = {}
        self.scripts: dict[str, Script] = {}
        self.kinds: dict[str, str] = {}
        for copy in range(COPIES):
            for kind in (*PASSING, *LASTING, *STAYS, WORSE, *(f"sound-{i}" for i in range(20))):
                self.add(f"{kind}.c{copy}.{ZONE}", kind)
        self.begun: dict[str, float] = {}  # when a domain was first asked about
        self.sick = SICK
        self.names = NameServer(self.find)
        chains = Chains(folder / "ca", self.scripts)
        self.root = chains.root
        self.web = WebServer(self.scripts, chains.context)
        self.name_port, self.web_port = free_port(NAME_SERVER), free_port(ADDRESS)
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.names.start(NAME_SERVER, self.name_port))
        self.loop.run_until_complete(self.web.start(self.web_port))
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def add(self, domain: str, kind: str) -> None:
        self.kinds[domain] = kind
        self.behaviours[domain] = {}
        script = Script(SOUND_HTTP)
        if kind in PASSING:
            _, role, sick = PASSING[kind]
            if role == "web":
                script = sick  # type: ignore[assignment]
            else:
                self.behaviours[domain][role] = self.sick_for_a_while(domain, sick, SOUND[role])  # type: ignore[arg-type]
        elif kind in LASTING or kind in STAYS:
            script = {**LASTING, **STAYS}[kind][1]
        elif kind == WORSE:
            script = WORSE_SCRIPT
        elif kind.startswith("sound-"):  # somebody is heard all the time, else silence says nothing
            pause = 0.1 * int(kind[len("sound-"):])
            self.behaviours[domain]["record"] = late(pause, SOUND["record"])
        self.scripts[f"mta-sts.{domain}"] = script

    def sick_for_a_while(self, domain: str, sick: Behaviour, sound: Behaviour) -> Behaviour:
        """From its first question on."""
        def behave(query: Query) -> Iterable[Step]:
            now = time.monotonic()
            return (sick if now - self.begun.setdefault(domain, now) < self.sick else sound)(query)
        return behave

    def renew(self, sick: float = SICK) -> None:
        """As if nobody had asked yet."""
        self.begun.clear()
        self.web.connections.clear()
        self.sick = sick

    def find(self, name: str, kind: int) -> Behaviour:
        if name == "localhost":
            return gives(dns.address("127.0.0.1"))
        for prefix, roles in ROLES.items():
            domain = name[len(prefix) + 1:] if prefix else name
            role = roles.get(kind)
            if role and name.startswith(prefix) and domain in self.behaviours:
                return self.behaviours[domain].get(role, SOUND[role])
        return says(dns.NXDOMAIN)

    def options(self) -> list[str]:
        return ["--resolvers", f"{NAME_SERVER}:{self.name_port}", "--https-port", str(self.web_port),
                "--ca-file", str(self.root), "--allow-private", "--per-address", "0",
                "--per-address-rate", "0", "--dns-timeout", "2500", "--dns-tries", "2",
                "--https-timeout", "2500", "--threads", "2"]

    def close(self) -> None:
        async def end() -> None:
            self.names.close()
            self.web.close()
        asyncio.run_coroutine_threadsafe(end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def read(path: Path) -> list[Record]:
    return parse((gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
                 .decode().splitlines())


class SecondLook(unittest.TestCase):
    def setUp(self) -> None:
        made = tempfile.TemporaryDirectory(prefix="stscan-second.")
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.world = World(self.folder)
        self.addCleanup(self.world.close)
        self.list = self.folder / "list"
        self.list.write_text("".join(f"{d}\n" for d in self.world.kinds))

    def scan(self, *options: str | Path) -> list[str]:
        return [stscan_path(), "scan", *self.world.options(), "--second-look", str(WAIT),
                *map(str, options), str(self.list)]

    def judge(self, record: Record) -> None:
        kind = self.world.kinds[str(record["domain"])]
        first = record.get("first")
        found = (record["status"], codes(record), record.get("looks"), first and first["codes"])  # type: ignore[index]
        if kind in PASSING:
            self.assertEqual(("valid", [], 2, [PASSING[kind][0]]), found, record)
            self.assertLess(str(first["at"]), str(record["at"]))  # type: ignore[index]
        elif kind in LASTING:
            self.assertEqual(("broken", [LASTING[kind][0]], None, None), found, record)
        elif kind in STAYS:
            self.assertEqual(("broken", [STAYS[kind][0]], 2, None), found, record)
        elif kind == WORSE:
            self.assertEqual(("broken", ["policy-http-redirect"], 2, ["policy-http-status"]), found, record)
        else:
            # On a busy machine one may come late at first: what counts is the second look.
            self.assertEqual(("valid", []), found[:2], record)

    def judge_all(self, records: list[Record]) -> None:
        self.assertEqual(sorted(int(str(r["n"])) for r in records),
                         list(range(1, len(self.world.kinds) + 1)))
        for record in records:
            self.judge(record)

    def looks_of(self, records: list[Record]) -> dict[str, object]:
        """What the statistics must count, counted by hand."""
        twice = [r for r in records if r.get("looks") == 2]
        self.assertGreaterEqual(len(twice), COPIES * (len(PASSING) + len(STAYS) + 1))
        first, passed = Counter[str](), Counter[str]()
        for record in twice:
            before = record["first"]["codes"] if "first" in record else codes(record)  # type: ignore[index]
            first.update(before)
            passed.update(set(before) - set(codes(record)))
        return {"domains": len(twice), "changed": sum("first" in r for r in twice),
                "codes": {code: {"domains": n, "changed": passed[code]} for code, n in first.items()}}

    def start(self, *options: str | Path) -> Popen[bytes]:
        scan = Popen(self.scan(*options), stderr=PIPE)
        self.addCleanup(scan.kill)
        return scan

    def test_what_passes_is_not_told(self) -> None:
        out, summary = self.folder / "out.ndjson.gz", self.folder / "summary.json"
        scan = self.start("-o", out, "--summary", summary, "--progress", "always")
        errors = scan.communicate(timeout=SECONDS)[1].decode()
        self.assertEqual(0, scan.returncode, errors)
        records = read(out)
        self.judge_all(records)
        looks = self.looks_of(records)
        said = json.loads(stscan("stats", "--json", out).stdout)
        self.assertEqual(looks, said["looks"])
        self.assertEqual(looks, json.loads(summary.read_text())["statistics"]["looks"])
        self.assertIn(f"  {looks['domains']} domains looked at twice: the second look found something else "
                      f"for {looks['changed']}\n", errors)
        self.assertIn("s to look again at ", errors)
        text = stscan("stats", out).stdout.decode()
        self.assertIn("Looked at twice", text)

    def test_without_a_second_look_the_first_is_told(self) -> None:
        out = self.folder / "out.ndjson"
        self.world.renew(SECONDS)
        scan = self.start("-o", out, "--second-look", "0")
        errors = scan.communicate(timeout=SECONDS)[1].decode()
        self.assertEqual(0, scan.returncode, errors)
        records = read(out)
        self.assertFalse([r for r in records if "looks" in r or "first" in r])
        for record in records:
            kind = self.world.kinds[str(record["domain"])]
            if kind in PASSING:
                self.assertEqual([PASSING[kind][0]], codes(record), record)
        self.assertNotIn("looked at twice", errors)

    def wait_for_waiting(self, scan: Popen[bytes]) -> int:
        """Until it does nothing else; how many wait."""
        assert scan.stderr
        seen = b""
        while more := scan.stderr.read1():
            seen = (seen + more)[-2000:]
            if found := re.findall(rb"waiting \d+ s to look again at ([\d,]+) domain", seen):
                return int(found[-1].replace(b",", b""))
        self.fail("nothing waits")

    def test_who_waits_when_it_is_stopped_is_asked_by_resume(self) -> None:
        for number, status in ((signal.SIGTERM, 3), (signal.SIGKILL, -signal.SIGKILL)):
            with self.subTest(signal=number):
                self.world.renew()
                out = self.folder / f"out{number}.ndjson"
                # The wait is long: nothing but the signal can end it.
                scan = self.start("-o", out, "--second-look", "600", "--progress", "always")
                waiting = self.wait_for_waiting(scan)
                self.assertGreaterEqual(waiting, COPIES * (len(PASSING) + len(STAYS) + 1))
                time.sleep(1.5)  # what is done is written within a second
                scan.send_signal(number)
                errors = scan.communicate(timeout=SECONDS)[1].decode()
                self.assertEqual(status, scan.returncode, errors)
                before = read(out)
                self.assertEqual(len(self.world.kinds) - waiting, len(before))
                if number == signal.SIGTERM:
                    self.assertIn(f"  {waiting} domains were in flight, or waited for a second look, and have no "
                                  "record\n", errors)
                again = self.start("-o", out, "--resume")
                errors = again.communicate(timeout=SECONDS)[1].decode()
                self.assertEqual(0, again.returncode, errors)
                records = read(out)
                self.assertEqual(sorted(int(str(r["n"])) for r in records),
                                 list(range(1, len(self.world.kinds) + 1)))
                # They are sound by now, but for what never passes.
                for record in records:
                    kind = self.world.kinds[str(record["domain"])]
                    self.assertEqual("broken" if kind in (*LASTING, *STAYS, WORSE) else "valid",
                                     record["status"], record)

    def check(self, kind: str, *options: str) -> tuple[int, str, str]:
        done = stscan("check", *self.world.options()[:-2], *options, f"{kind}.c0.{ZONE}")
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_check_looks_at_the_usual_wrong_paths(self) -> None:
        status, told, _ = self.check("elsewhere")
        self.assertEqual(1, status, told)
        flat = " ".join(told.split())
        self.assertIn(f"a policy lies at https://mta-sts.elsewhere.c0.{ZONE}/mta-sts.txt, where no sender looks", flat)
        self.assertNotIn("/well-known/mta-sts.txt,", flat)
        status, told, _ = self.check("missing")
        self.assertNotIn("a policy lies at", told)

    def test_check_tells_both_looks(self) -> None:
        status, told, errors = self.check("error", "--second-look", str(WAIT))
        self.assertEqual(0, status, told)
        self.assertIn(f"waiting {WAIT} s to look again at error.c0.{ZONE}", errors)
        self.assertIn("It was looked at twice. The first look, ", told)
        self.assertIn("policy-http-status (error): ", told)
        status, told, _ = self.check("always-error", "--second-look", "1")
        self.assertEqual(1, status, told)
        self.assertIn("It was looked at twice, and both looks found the same.", told)
        status, told, errors = self.check("missing", "--second-look", "1")
        self.assertNotIn("twice", told)
        self.assertNotIn("waiting", errors)
        status, told, errors = self.check("truncated")
        self.assertEqual((1, ""), (status, errors), told)
        self.assertNotIn("twice", told)


if __name__ == "__main__":
    unittest.main()
