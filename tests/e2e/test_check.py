#!/usr/bin/env python3
"""check: each step told, what fails named with what was expected, exit statuses, the record."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import unittest

from program import Folder, Lab, Record, SideBySide, parse, stscan, stscan_path
from test_lab import stable

load_tests = SideBySide.load_tests

STEPS = ("Record", "Policy host", "Connection", "Certificate", "Answer", "Policy", "Mail servers",
         "Reports")


def comparable(record: Record) -> object:
    """Without the texts that name several records in the order in which DNS gave them."""
    for finding in record["findings"]:  # type: ignore[attr-defined]
        if finding["code"].endswith("-multiple"):
            del finding["detail"]
    return stable(record)


def steps(text: str) -> dict[str, str]:
    """The word before each step's title."""
    found = re.findall(r"^(ok|FAILED|warning|not run) +(" + "|".join(STEPS) + r")(?::|$)", text, re.M)
    return {title: word for word, title in found}


class CheckTest(unittest.TestCase):
    lab: Lab

    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = Lab().__enter__()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.lab.__exit__()

    def check(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return stscan("check", *self.lab.options, *arguments)

    def told(self, domain: str, status: int, *lines: str) -> str:
        done = self.check(domain)
        text = done.stdout.decode()
        self.assertEqual((done.returncode, done.stderr), (status, b""), text)
        for line in lines:
            self.assertIn(line.replace("{d}", domain), text)
        return text

    def test_as_a_monitoring_plugin(self) -> None:
        for domain, status, begin in (("enforce.example", None, None), ("none-at-all.example", 2, "CRITICAL"),
                                      ("policy-empty.example", 2, "CRITICAL"), ("bad..name", 3, "UNKNOWN")):
            with self.subTest(domain):
                done = self.check("--nagios", domain)
                line = done.stdout.decode("ascii")
                match = re.fullmatch(r"MTA-STS (OK|WARNING|CRITICAL|UNKNOWN) - ([^|\n]+) \| domains=1 errors=\d+ "
                                     r"warnings=\d+( expires=-?\d+)? time=\d+ms\n", line)
                self.assertIsNotNone(match, line)
                self.assertEqual(["OK", "WARNING", "CRITICAL", "UNKNOWN"][done.returncode], match[1])
                if begin:
                    self.assertEqual((status, begin), (done.returncode, match[1]))
                    self.assertIn(domain, match[2])
                else:
                    self.assertIn(done.returncode, (0, 1))
                    self.assertIsNotNone(match[3])
        done = self.check("--nagios", "enforce.example", "none-at-all.example")
        self.assertEqual(2, done.returncode)
        self.assertIn(b"none-at-all.example: absent", done.stdout)
        self.assertIn(b"domains=2", done.stdout)
        done = stscan("check", "--nagios", "--resolvers", "127.0.0.1:1", "enforce.example")
        self.assertEqual((3, b"MTA-STS UNKNOWN - the check failed\n"), (done.returncode, done.stdout))

    def test_a_sound_domain(self) -> None:
        text = self.told("enforce.example", 0, "{d}: valid; senders deliver only to the hosts",
                         "TXT at _mta-sts.{d}", '    "v=STSv1; id=20260408T100000;"\n',
                         "    for mta-sts.{d}\n    and ", " other names\n", "status 200 after", "      3  mx: mail.{d}\n",
                         "       10 mail.{d}  covered\n", "rua=mailto:tlsrpt@{d}")
        self.assertEqual(steps(text), dict.fromkeys(STEPS, "ok"))
        self.assertNotIn("Expected", text)
        self.assertNotIn("How to mend", text)

    def test_all_faults_of_a_certificate_and_the_policy_behind_it(self) -> None:
        text = self.told("expired-wrong-name.example", 1, "{d}: broken: 2 errors",
                         "    error  policy-tls-name-mismatch: ", "    error  policy-tls-expired: ",
                         "Expected: a certificate of a public issuer", "\n      mta-sts.{d}\n",
                         "    for www.hosting.example.net\n", "      2  mode: enforce\n",
                         "  policy-tls-expired: A certificate of the policy host has expired",
                         "stscan explain --domain {d} policy-tls-name-mismatch")
        self.assertEqual(steps(text), dict.fromkeys(STEPS, "ok") | {"Certificate": "FAILED"})

    def test_the_policy_to_serve_has_every_mx(self) -> None:
        text = self.told("mx-partial.example", 1, "backup.provider.example.net  NOT covered",
                         "senders will refuse some", "      version: STSv1\n"
                         "      mode: enforce\n      mx: mail.{d}\n"
                         "      mx: backup.provider.example.net\n      max_age: 604800\n")
        self.assertEqual(steps(text)["Mail servers"], "FAILED")

    def test_a_proposal_is_judged_sound_by_lint(self) -> None:
        for domain, hosts in (("mx-domain.example", ("mail.mx-domain.example",)),
                              ("web-page.example", ("mail.web-page.example",)),
                              ("mx-partial.example", ("mail.mx-partial.example",
                                                      "backup.provider.example.net"))):
            text = self.told(domain, 1)
            proposal = "".join(line[6:] + "\n" for line in text.splitlines()
                               if re.match(r"      (version|mode|mx|max_age): ", line))
            proposal = proposal[:proposal.index("\n", proposal.index("max_age")) + 1]
            done = stscan("lint", "--policy", "-", "--mx", *hosts, stdin=proposal.encode())
            self.assertEqual(done.returncode, 0, proposal)

    def test_what_was_not_reached(self) -> None:
        text = self.told("no-host.example", 1, "    NXDOMAIN after ", "policy-dns-nxdomain: mta-sts.",
                         "      mx: mail.{d}\n")
        self.assertEqual(steps(text), {
            "Record": "ok", "Policy host": "FAILED", "Connection": "not run",
            "Certificate": "not run", "Answer": "not run", "Policy": "not run",
            "Mail servers": "ok", "Reports": "ok"})

    def test_the_record_to_publish(self) -> None:
        text = self.told("no-id.example", 1, "record-id-missing")
        self.assertRegex(text, r"\n      _mta-sts\.no-id\.example\. IN TXT "
                               r'"v=STSv1; id=\d{8}T\d{6};"\n')

    def test_dns_that_will_not_say(self) -> None:
        text = self.told("servfail.example", 1, "{d}: unknown: 1 error", "    SERVFAIL after ",
                         "record-dns-servfail")
        self.assertEqual(steps(text), {"Record": "FAILED"})

    def test_no_mta_sts_is_nothing_wrong(self) -> None:
        text = self.told("nothing.example", 0, "{d}: absent", "The domain has no MTA-STS.",
                         "_mta-sts.{d}. IN TXT")
        self.assertEqual(steps(text), {"Record": "ok"})

    def test_names_are_told_as_they_are_meant(self) -> None:
        self.told("bücher.example", 0, "xn--bcher-kva.example (bücher.example): valid")
        done = self.check("--", "-bad-.example", "\x1b[31m.example", "enforce.example")
        text = done.stdout.decode()
        self.assertEqual(done.returncode, 1)
        self.assertIn('"-bad-.example" is not a domain name: ', text)
        self.assertIn('"\\x1b[31m.example" is not a domain name: ', text)
        self.assertIn("\nenforce.example: valid", text)

    def test_a_url_or_an_address_is_taken_by_its_host(self) -> None:
        for given in ("https://enforce.example/.well-known/mta-sts.txt", "postmaster@enforce.example",
                      "//user:word@Enforce.Example.:8443?x", "mailto:a@enforce.example"):
            self.assertTrue(self.check(given).stdout.startswith(b"enforce.example: valid"), given)
        done = self.check("https://[::1]/", "@", "https:///x")
        self.assertEqual((done.returncode, done.stdout.count(b"is not a domain name")), (1, 3))

    def test_blocked(self) -> None:
        with Folder() as folder:
            (folder / "block").write_text("testing.example\n")
            done = self.check("--block", str(folder / "block"), "testing.example")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"on the block list", done.stdout)
        self.assertNotIn(b"Record:", done.stdout)

    def test_a_blocked_policy_host(self) -> None:
        with Folder() as folder:
            (folder / "block").write_text("127.0.1.0/24\n")
            done = self.check("--block", str(folder / "block"), "testing.example")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"testing.example: blocked", done.stdout)
        self.assertIn(b"policy-host-blocked", done.stdout)
        self.assertIn(b"Record:", done.stdout)

    def test_a_record_at_a_near_name(self) -> None:
        for name, place in (("at-domain", "{d}"), ("at-host", "mta-sts.{d}"),
                            ("doubled", "_mta-sts.{d}.{d}"), ("tlsrpt", "_smtp._tls.{d}")):
            domain = f"misplaced-{name}.example"
            self.told(domain, 0, "{d}: absent: 1 warning", "record-misplaced: a ",
                      f" {place}: ".replace("{d}", domain) if name != "tlsrpt" else place)
        self.told("misplaced-at-host.example", 0, "mta-sts.{d} has an address, as a policy host has")
        self.told("mta-sts.misplaced-at-host.example", 0,
                  "stscan check misplaced-at-host.example\n")
        self.assertNotIn(b"misplaced", stscan("scan", *self.lab.options, "-",
                                              stdin=b"enforce.example\n").stdout)

    def test_what_a_browser_hides(self) -> None:
        self.told("redirect.example", 1, "browsers follow redirects; ")
        self.assertNotIn("browser", self.told("enforce.example", 0))

    def test_usage(self) -> None:
        for arguments in ((), ("--resolvers", "x", "a.example"), ("--threads", "2", "a.example")):
            done = stscan("check", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, b""), arguments)
        done = stscan("check", "--resolvers", "127.0.0.1:9", "a.example")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"no resolver answers", done.stderr)
        for arguments in (("--resolvers", "@/nonexistent"), ("--ca-file", "/nonexistent"),
                          ("--block", "/nonexistent")):
            done = stscan("check", "--resolvers", "127.0.0.1:9", *arguments, "a.example")
            self.assertEqual((done.returncode, done.stdout), (2, b""), arguments)

    def test_json_is_the_record_that_scan_writes(self) -> None:
        domains = (self.lab.folder / "domains.txt").read_text().split()
        done = self.check("--json", *domains)
        checked = parse(done.stdout.decode().splitlines())
        scanned = parse(stscan("scan", *self.lab.options, "--ask", "mx,ns-all,spf,dmarc", self.lab.env["LAB_DOMAINS"])
                        .stdout.decode().splitlines())
        self.assertEqual(done.returncode, 1)
        self.assertEqual([r["domain"] for r in checked], domains)
        self.assertEqual([r["n"] for r in checked], list(range(1, len(domains) + 1)))
        by_domain: dict[object, Record] = {r["domain"]: r for r in scanned}
        for record in checked:
            if str(record["domain"]).startswith("misplaced-"):
                continue  # check alone looks at near names
            self.assertEqual(comparable(record), comparable(by_domain[record["domain"]]))

    def test_exit_status_of_every_case(self) -> None:
        for case in self.lab.cases():
            expected = 0 if case["status"] in ("valid", "absent") else 1
            done = self.check(str(case["domain"]))
            self.assertEqual(done.returncode, expected, case["domain"])
            for code in (*case["codes"], *case["check_codes"]):  # type: ignore[misc]
                self.assertRegex(done.stdout.decode(), rf"    (error|warning|info)  {code}\b")
            self.assertEqual(re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]", done.stdout), [])

    def on_terminal(self, **environment: str) -> bytes:
        master, slave = pty.openpty()
        command = [stscan_path(), "check", *self.lab.options, "byte-order-mark.example"]
        keep = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=slave,
                                   env=keep | {"TERM": "xterm"} | environment)
        os.close(slave)
        output = b""
        try:
            while chunk := os.read(master, 65536):
                output += chunk
        except OSError:  # the other end is closed
            pass
        os.close(master)
        self.assertEqual(process.wait(), 1)
        return output

    def test_colours_on_a_terminal_only(self) -> None:
        coloured = self.on_terminal()
        plain = self.on_terminal(NO_COLOR="1")
        self.assertIn(b"\x1b[1;31mFAILED", coloured)
        self.assertNotIn(b"\x1b", plain)
        self.assertNotIn("\ufeff".encode(), coloured)
        self.assertIn(b"\\ufeffversion: STSv1", plain)

    def test_a_full_disk_is_told(self) -> None:
        with open("/dev/full", "wb") as full:
            done = subprocess.run([stscan_path(), "check", *self.lab.options, "enforce.example"],
                                  stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count(b"standard output"), 1)


if __name__ == "__main__":
    unittest.main()
