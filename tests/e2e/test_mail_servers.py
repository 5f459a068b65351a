#!/usr/bin/env python3
"""--probe-mx over real mail servers (Postfix, in the laboratory), and over one that fails in every way that
has a code: what the records say of them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sys
import unittest
from pathlib import Path

import jsonschema
from program import ROOT, Folder, Lab, Record, codes, member, read_plain, stscan, stscan_path

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import mail  # noqa: E402
import message as dns  # noqa: E402
from chains import Chains  # noqa: E402
from mail_cases import FULL, MAIL_CASES, MailCase  # noqa: E402
from mailserver import MailScript, MailServer  # noqa: E402
from nameserver import Behaviour, NameServer, gives, says  # noqa: E402
from test_polite import free_port  # noqa: E402
from test_prober import addresses_of, host_of, places  # noqa: E402

# Of mail-NAME.example with --dane: the verdict of MTA-STS, what TLSA comes to, and the codes it adds.
DANE = {
    "sound": ("secure", "match", []),
    "self-signed": ("refused", "match", []),
    "rsa": ("secure", "none", []),
    "dane-issuer": ("secure", "match", []),
    "dane-mismatch": ("secure", "mismatch", ["dane-mismatch"]),
    "dane-unusable": ("secure", "unusable", ["dane-unusable"]),
    "dane-fails": ("secure", "failed", ["dane-dnssec"]),
    "dane-alias": ("secure", "match", []),
    "dane-insecure": ("secure", "insecure", ["dane-insecure"]),
    "dane-unsigned": ("secure", "insecure", []),
}
NAME_SERVER = "127.0.3.55"
EHLO = ("--probe-mx", "--ehlo", "scan.example.org")
CHECK_SECONDS = 100  # far more than it takes


@unittest.skipUnless(os.geteuid() == 0 and Path("/usr/sbin/postfix").exists(), "Postfix needs root")
class Postfix(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = Lab("--mail").__enter__()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.lab.__exit__()

    @property
    def options(self) -> list[str]:
        return [*self.lab.options, *EHLO, "--smtp-port", self.lab.env["LAB_SMTP_PORT"]]

    def test_every_domain_gets_its_record(self) -> None:
        with Folder() as folder:
            out = folder / "out.ndjson"
            done = stscan("scan", *self.options, "--summary", folder / "summary.json", "-o", out,
                          self.lab.env["LAB_MAIL_DOMAINS"])
            self.assertEqual(done.returncode, 0, done.stderr)
            records = {str(r["domain"]): r for r in read_plain(out)}
            summary = json.loads((folder / "summary.json").read_text())
        cases = [json.loads(line) for line in (self.lab.folder / "mail-cases.ndjson").read_text().splitlines()]
        found = {d: (r["status"], r["effect"], codes(r)) for d, r in records.items()}
        self.assertEqual(found, {c["domain"]: (c["status"], c["effect"], c["codes"]) for c in cases})
        jsonschema.validate(summary, json.loads((ROOT / "scanner/cli/summary.schema.json").read_text()))
        hosts = summary["hosts"]
        self.assertEqual(hosts["connections"], len(mail.SERVERS))  # each once, however many domains
        self.assertEqual(hosts["secure"] + hosts["refused"] + sum(hosts["unknown"].values()), hosts["probed"])
        self.assertEqual(hosts["unknown"], {"mx-smtp-refused": 1, "mx-host-absent": 1})
        self.look_at_evidence(records["mail-sound.example"], records["mail-wrong-name.example"])
        self.look_at_log()

    def look_at_evidence(self, sound: Record, wrong: Record) -> None:
        for path, value in {"greeting": 220, "ehlo": 250, "starttls": 220, "version": "TLSv1.3", "trusted": True,
                            "certificate.names": ["sound.mail.example"], "certificate.chain": 2}.items():
            self.assertEqual(member(sound["mx"][0]["tls"], path), value, path)  # type: ignore[index]
        self.assertEqual(member(wrong["mx"][0]["tls"], "certificate.names"),  # type: ignore[index]
                         ["www.hosting.example.net"])

    def look_at_log(self) -> None:
        """What Postfix says of our manners: QUIT, and nothing but EHLO and STARTTLS before."""
        lines = (self.lab.folder / "postfix" / "postfix.log").read_text().splitlines()
        log = "\n".join(line for line in lines if "postfix/sound/" not in line)  # where the laboratory asks
        ends = re.findall(r"postfix/[\w-]+/smtpd\[\d+\]: disconnect from localhost\[127\.0\.0\.1\] (.*)", log)
        polite = [end for end in ends if end == "ehlo=1 starttls=1 quit=1 commands=3"]
        self.assertGreaterEqual(len(polite), 9)
        self.assertNotRegex(log, r"PREGREET|lost connection after (EHLO|CONNECT)|improper command pipelining")

    def test_dane_stands_beside(self) -> None:
        """What TLSA records come to, and that neither status nor effect goes by them."""
        with Folder() as folder:
            out = folder / "out.ndjson"
            names = folder / "names"
            names.write_text("".join(f"mail-{name}.example\n" for name in DANE))
            done = stscan("scan", *self.options, "--dane", "-o", out, names)
            self.assertEqual(done.returncode, 0, done.stderr)
            records = {str(r["domain"]): r for r in read_plain(out)}
        lines = (self.lab.folder / "mail-cases.ndjson").read_text().splitlines()
        cases = {case["domain"]: case for case in map(json.loads, lines)}
        for name, (verdict, dane, found) in DANE.items():
            record = records[f"mail-{name}.example"]
            case, tls = cases[f"mail-{name}.example"], record["mx"][0]["tls"]  # type: ignore[index]
            self.assertEqual((tls["verdict"], tls["tlsa"]["dane"]), (verdict, dane), name)
            # DANE stands beside what the probe came to.
            self.assertFalse(tls["attempts"][-1].get("code", "").startswith("dane"), name)
            self.assertEqual(codes(record), sorted([*case["codes"], *found]), name)
            self.assertEqual((record["status"], record["effect"]), (case["status"], case["effect"]), name)
        alias = records["mail-dane-alias.example"]["mx"][0]["tls"]["tlsa"]  # type: ignore[index]
        self.assertEqual(alias["base"], "dane-alias.target.example")

    def test_asked_later_from_elsewhere(self) -> None:
        """Results of a place where port 25 is closed are a list for one where it is open."""
        with Folder() as folder:
            first, second, names = folder / "first.gz", folder / "second.ndjson", folder / "names"
            names.write_text("mail-expired.example\nnobody.example\nmail-sound.example\n")
            self.assertEqual(stscan("scan", *self.lab.options, "-o", first, names).returncode, 0)
            done = stscan("scan", *self.options, "--where", "status!=absent", "-o", second, first)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = {str(r["domain"]): (r["effect"], r["mx"][0]["tls"]["verdict"])  # type: ignore[index]
                     for r in read_plain(second)}
        self.assertEqual(found, {"mail-expired.example": ("undeliverable", "refused"),
                                 "mail-sound.example": ("enforced", "secure")})

    def test_dane_needs_validation(self) -> None:
        """The authority itself validates nothing."""
        options = [self.lab.env["LAB_AUTHORITY"] if o == self.lab.env["LAB_RESOLVER"] else o for o in self.options]
        for command in (["scan", *options, "--dane", self.lab.env["LAB_MAIL_DOMAINS"]],
                        ["check", *options, "--dane", "mail-sound.example"]):
            done = stscan(*command)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(b"--dane: the resolvers do not validate DNSSEC", done.stderr)
            self.assertEqual(done.stdout, b"")

    def test_then_a_real_421(self) -> None:
        server = next(s for s in mail.SERVERS if s.name == "rate")
        for _ in range(mail.RATE):
            with socket.create_connection((server.address, int(self.lab.env["LAB_SMTP_PORT"]))) as line:
                line.recv(100)
        done = stscan("check", "--json", *self.options, "mail-rate.example")
        record = json.loads(done.stdout)
        self.assertEqual((record["status"], record["effect"], codes(record)),
                         ("valid", "unknown", ["mx-smtp-later"]))
        self.assertEqual(done.returncode, 0)
        self.assertIn("421", member(record, "findings.mx-smtp-later.detail"))
        self.assertEqual(record["mx"][0]["tls"]["greeting"], 421)


def first_of_each_code() -> list[MailCase]:
    """What check, which asks once, says of it at once."""
    found: dict[str, MailCase] = {}
    for case in MAIL_CASES:
        # When a reset comes is a matter of chance.
        if case.code and len(case.places) == 1 and not case.codes and case.name != "reset":
            found.setdefault(case.code, case)
    return list(found.values())


def domain_of(case: MailCase) -> str:
    return f"{case.code}.example"


class Codes(unittest.TestCase):
    """Each of them by the whole program."""

    def find(self, name: str, kind: int) -> Behaviour:
        if name == "localhost":
            return gives(dns.address("127.0.0.1"))
        if name == "mx.fails.example":
            return says(dns.SERVFAIL)
        hosts = {host_of(case): self.addresses[case.name] for case in self.cases}
        if name in hosts:
            return gives(*map(dns.address, hosts[name]))
        domains = {domain_of(case): host_of(case) for case in self.cases} | \
                  {"mx-host-dns.example": "mx.fails.example", "mx-host-absent.example": "mx.absent.example"}
        domain = name.removeprefix("_mta-sts.").removeprefix("mta-sts.")
        if domain not in domains:
            return says(dns.NXDOMAIN)
        if name.startswith("_mta-sts."):
            return gives(dns.txt("v=STSv1; id=1;"))
        if name.startswith("mta-sts."):
            return gives()
        return gives(dns.mx(10, domains[domain]))

    async def check(self, folder: Path) -> list[Record]:
        self.addresses = addresses_of(self.cases)
        all_places = list(places(self.cases, self.addresses))
        scripts = {address: place for _, place, address in all_places if isinstance(place, MailScript)}
        hosts = {host_of(case): place for case, place, _ in all_places if isinstance(place, MailScript)}
        chains = Chains(folder / "ca", hosts)  # type: ignore[arg-type]
        server, names = MailServer(scripts, chains.context), NameServer(self.find)  # type: ignore[arg-type]
        port, name_port = free_port(), free_port()
        await server.start(port)
        await names.start(NAME_SERVER, name_port)
        for _, place, address in all_places:
            if place == FULL:
                server.fill(port, address)
        domains = [domain_of(case) for case in self.cases]
        process = await asyncio.create_subprocess_exec(
            stscan_path(), "check", "--json", "--resolvers", f"{NAME_SERVER}:{name_port}", "--allow-private",
            "--ca-file", str(chains.root), "--connect-timeout", "700", "--smtp-timeout", "1500", *EHLO,
            "--smtp-port", str(port), *domains, "mx-host-dns.example", "mx-host-absent.example",
            stdout=asyncio.subprocess.PIPE)
        try:
            out, _ = await asyncio.wait_for(process.communicate(), CHECK_SECONDS)
        finally:
            server.close()
            names.close()
        return [json.loads(line) for line in out.splitlines()]

    def test_every_code(self) -> None:
        self.cases = first_of_each_code()
        with Folder() as folder:
            records = asyncio.run(self.check(folder))
        found = {str(r["domain"]).removesuffix(".example"): r["mx"][0]["tls"] for r in records}  # type: ignore[index]
        self.assertEqual({code: [code] for code in found}, {code: tls["codes"] for code, tls in found.items()})
        for case in self.cases:
            tls = found[str(case.code)]
            self.assertEqual((tls["verdict"], tls["step"]), (case.verdict, case.step), case.name)


if __name__ == "__main__":
    unittest.main()
