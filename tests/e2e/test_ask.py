#!/usr/bin/env python3
"""--ask: what stands beside MTA-STS, what each question costs, and what check shows of it."""

from __future__ import annotations

import asyncio
import json
import sys
import unittest
from collections import Counter

from program import ROOT, Folder, Lab, Record, codes, parse, read_plain, stscan, stscan_path
from test_polite import free_port

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import message as dns  # noqa: E402
from nameserver import Behaviour, NameServer, gives, says  # noqa: E402

EVERYTHING = "mx,ns-all,spf,dmarc,dkim=s1+s2"
MEMBERS = ("ns", "spf", "dmarc", "dkim")
ADDRESS = "127.0.3.54"
TYPES = {2: "NS", dns.MX: "MX", dns.TXT: "TXT"}
NAMES = 40


def sorted_texts(value: object) -> object:
    """DNS gives a set in any order."""
    if isinstance(value, dict):
        return {key: sorted(v) if key == "txt" else v for key, v in value.items()}  # type: ignore[type-var]
    return sorted(map(sorted_texts, value), key=repr) if isinstance(value, list) else value


class LabAsk(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = cls.enterClassContext(Lab())
        cls.cases = [case for case in cls.lab.cases() if case["ask_members"]]
        cls.names = "\n".join(str(case["domain"]) for case in cls.cases).encode()

    def scan(self, *arguments: str, stdin: bytes | None = None) -> dict[object, Record]:
        done = stscan("scan", *self.lab.options, *arguments, "-", stdin=self.names if stdin is None else stdin)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return {r["domain"]: r for r in parse(done.stdout.decode().splitlines())}

    def test_every_case_has_its_facts(self) -> None:
        records = self.scan("--ask", EVERYTHING)
        wrong = []
        for case in self.cases:
            record = records[case["domain"]]
            expected: dict = case["ask_members"]  # type: ignore[assignment]
            wrong += [f"{case['case']}: {name} is {record.get(name)}, not {value}"
                      for name, value in expected.items()
                      if sorted_texts(record.get(name)) != sorted_texts(value)]
            found = sorted(case["codes"] + case["ask_codes"])  # type: ignore[operator]
            if codes(record) != found:
                wrong.append(f"{case['case']}: codes are {codes(record)}, not {found}")
            for what in ("status", "effect"):
                if record[what] != case[what]:
                    wrong.append(f"{case['case']}: {what} is {record[what]}")
        self.assertEqual(wrong, [])

    def test_nothing_is_told_that_was_not_asked(self) -> None:
        for record in self.scan().values():
            self.assertEqual([name for name in MEMBERS if name in record], [])
            self.assertEqual("mx" in record, record["status"] != "absent")
            self.assertEqual([c for c in codes(record) if c.startswith(("spf", "dmarc", "dkim"))], [])
        for asked, deployed in (("mx", "mx"), ("ns", "ns"), ("spf", ""), ("dmarc", ""), ("dkim=s1", "dkim")):
            name = asked.partition("=")[0]
            for record in self.scan("--ask", asked).values():
                told = [member for member in MEMBERS if member in record]
                absent = record["status"] == "absent"
                wanted = [name] if name != "mx" and (not absent or not deployed) else []
                self.assertEqual(told, wanted, (asked, record["domain"]))

    def test_records_that_dns_will_not_say_are_empty(self) -> None:
        records = self.scan("--ask", "mx,spf", stdin=b"servfail.example\n")
        self.assertEqual(records["servfail.example"]["spf"], {"rcode": "SERVFAIL"})
        self.assertEqual(records["servfail.example"]["mx"], {"rcode": "SERVFAIL"})

    def test_records_are_read_back(self) -> None:
        with Folder() as folder:
            out = folder / "out.ndjson"
            done = stscan("scan", *self.lab.options, "--ask", EVERYTHING, "-o", out, "-", stdin=self.names)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            records = {str(r["domain"]): r for r in read_plain(out)}
            for domain, record in records.items():
                shown = json.loads(stscan("show", "--json", domain, out).stdout)
                self.assertEqual(shown, record)
            text = stscan("show", "dkim-rsa.example", out).stdout.decode()
        self.assertIn("    s1: rsa, 1024 bits\n    s2: none: NXDOMAIN\n", text)

    def test_resuming_needs_the_same_questions(self) -> None:
        with Folder() as folder:
            out = folder / "out.ndjson.gz"
            names = folder / "names"
            names.write_bytes(self.names)
            common = (*self.lab.options, "-o", out)
            self.assertEqual(stscan("scan", *common, "--ask", "spf,mx", names).returncode, 0)
            self.assertEqual(stscan("scan", *common, "--resume", "--ask", "mx,spf", names).returncode, 0)
            for other in ((), ("--ask", "mx")):
                done = stscan("scan", *common, "--resume", *other, names)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(b"--ask", done.stderr)

    def test_check_shows_a_step_each(self) -> None:
        text = stscan("check", *self.lab.options, "beside-all.example").stdout.decode()
        for step in ("ok      MX hosts: MX of beside-all.example\n       10 mail.beside-all.example\n",
                     "ok      Name servers: NS of beside-all.example\n",
                     "ok      SPF: TXT of beside-all.example\n    \"v=spf1 mx -all\"\n    all other hosts: fail (-all)\n",
                     "ok      DMARC: TXT at _dmarc.beside-all.example\n    \"v=DMARC1; p=reject\"\n"):
            self.assertIn(step, text)
        self.assertNotIn("DKIM", text)
        done = stscan("check", *self.lab.options, "--ask", "dkim=s1+s2", "dkim-multiple.example")
        self.assertEqual(done.returncode, 0, "warnings do not count")
        for part in ("warning DKIM: TXT at SELECTOR._domainkey.dkim-multiple.example\n", "dkim-multiple",
                     "    s2: none: NXDOMAIN\n", "    none: NOERROR\n"):
            self.assertIn(part, done.stdout.decode())
        text = stscan("check", *self.lab.options, "mail.dmarc-organizational.example").stdout.decode()
        self.assertIn("    found at its organizational domain, dmarc-organizational.example\n", text)

    def test_wrong_usage(self) -> None:
        selectors = "+".join(f"s{i}" for i in range(17))
        for asked, told in (("spv", '"spv" is not allowed: give mx, ns, ns-all, spf, dmarc or dkim=SELECTOR'),
                            ("spv", "did you mean spf?"), ("mx=1", "mx takes no value"), ("", "not empty"),
                            ("mx,,spf", '"" is not allowed'), ("dkim", "dkim needs the selectors"),
                            ("dkim=", "dkim needs the selectors"), ("dkim=a..b", '"a..b" is not allowed'),
                            ("dkim=a++b", '"" is not allowed'),
                            (f"dkim={selectors}", "s16 is one too many: at most 16 DKIM selectors")):
            done = stscan("scan", "--ask", asked, "-")
            self.assertEqual(done.returncode, 2, asked)
            self.assertIn(told, done.stderr.decode())
        selectors = "+".join(f"s{i}" for i in range(16))
        self.assertEqual(len(self.scan("--ask", f"dkim={selectors}")), len(self.cases))


class Together(NameServer):
    """Answers what is asked of a domain only when all of it was asked."""

    def __init__(self, count: int) -> None:
        super().__init__(self.find_behaviour)
        self.count = count
        self.of_domain: Counter[str] = Counter()
        self.waiting: dict[str, asyncio.Event] = {}

    def find_behaviour(self, name: str, kind: int) -> Behaviour:
        if name == "localhost":
            return gives(dns.address("127.0.0.1"))
        if kind == dns.MX:
            return gives(dns.mx(10, f"mx.{name}"))
        return says(dns.NXDOMAIN)

    async def answer_udp(self, packet: bytes, peer: tuple[str, int]) -> None:
        name = dns.read_query(packet).name.removeprefix("_mta-sts.").removeprefix("_dmarc.")
        if name.startswith("absent"):
            self.of_domain[name] += 1
            together = self.waiting.setdefault(name, asyncio.Event())
            if self.of_domain[name] >= self.count:
                together.set()
            await together.wait()
        await super().answer_udp(packet, peer)


class Cost(unittest.TestCase):
    async def run_program(self, server: Together, *arguments: str) -> bytes:
        port = free_port()
        await server.start(ADDRESS, port)
        process = await asyncio.create_subprocess_exec(
            stscan_path(), "scan", "--resolvers", f"{ADDRESS}:{port}", "--dns-timeout", "60000", "--dns-tries",
            "1", "--second-look", "0", *arguments, "-", stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE)
        names = "".join(f"absent{i}.example\n" for i in range(NAMES)).encode()
        try:
            return (await asyncio.wait_for(process.communicate(names), 60))[0]
        finally:
            server.close()

    def asked(self, count: int, *arguments: str) -> tuple[Together, list[Record]]:
        server = Together(count)
        out = asyncio.run(self.run_program(server, *arguments))
        return server, parse(out.decode().splitlines())

    def test_each_question_is_one_query_and_all_go_out_together(self) -> None:
        for count, arguments in ((1, ()), (2, ("--ask", "mx")), (3, ("--ask", "mx,spf")), (1, ("--ask", "ns")),
                                 (1, ("--ask", "dkim=s1")), (5, ("--ask", "mx,ns-all,spf,dmarc"))):
            with self.subTest(arguments=arguments):
                server, records = self.asked(count, *arguments)
                self.assertEqual([r["status"] for r in records], ["absent"] * NAMES)
                self.assertEqual(set(server.of_domain.values()), {count})
                if "mx" in str(arguments):
                    self.assertEqual({len(r["mx"]) for r in records}, {1})  # type: ignore[arg-type]


if __name__ == "__main__":
    unittest.main()
