#!/usr/bin/env python3
"""lint: what is about to be published, judged without the network; each cause has its name."""

from __future__ import annotations

import json
import subprocess
import unittest

from program import Folder, Record, codes, member, stscan, stscan_path

RECORD = "v=STSv1; id=20260408T100000;"
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmax_age: 604800\r\n"
REPORTS = "v=TLSRPTv1; rua=mailto:a@example.com,https://example.com/r"
TEXTS_MAX = 256  # of one option
POLICY_MAX = 65536  # bytes


def lint(*arguments: str, stdin: str | bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return stscan("lint", *arguments, stdin=stdin.encode() if isinstance(stdin, str) else stdin)


class LintTest(unittest.TestCase):
    def judged(self, status: int, *arguments: str, stdin: str | bytes = b"") -> Record:
        done = lint("--json", *arguments, stdin=stdin)
        self.assertEqual((done.returncode, done.stderr), (status, b""), (arguments, stdin))
        self.assertEqual(done.stdout.count(b"\n"), 1)
        record: Record = json.loads(done.stdout)
        return record

    def test_all_is_sound(self) -> None:
        record = self.judged(0, "--record", RECORD, "--policy", "-", "--mx", "Mail.example.com.",
                             "--tlsrpt", REPORTS, stdin=POLICY)
        self.assertEqual(record, {
            "v": 1, "status": "valid", "findings": [],
            "record": {"txt": [RECORD], "id": "20260408T100000"},
            "policy": {"version": "STSv1", "mode": "enforce", "max_age": 604800,
                       "mx": ["mail.example.com"], "text": POLICY},
            "mx": [{"host": "mail.example.com", "covered": True}],
            "tlsrpt": {"txt": [REPORTS],
                       "rua": ["mailto:a@example.com", "https://example.com/r"]}})

    def test_only_what_is_given_is_judged(self) -> None:
        for arguments, stdin, members in (
                (("--record", RECORD), "", {"record"}), (("--policy", "-"), POLICY, {"policy"}),
                (("--mx", "a.example"), "", {"mx"}), (("--tlsrpt", REPORTS), "", {"tlsrpt"})):
            record = self.judged(0, *arguments, stdin=stdin)
            self.assertEqual(set(record), {"v", "status", "findings"} | members)

    def test_exit_statuses(self) -> None:
        for status, arguments, stdin, said in (
                (0, ("--policy", "-"), POLICY.replace("604800", "60"), "policy-max-age-short"),
                (1, ("--tlsrpt", "v=spf1 -all"), "", "TLSRPT record: absent"),
                (0, ("--tlsrpt", REPORTS), "", "TLSRPT record: valid"),
                (0, ("--tlsrpt", REPORTS + ",x"), "", "TLSRPT record: valid: 1 warning"),
                (1, ("--tlsrpt", REPORTS, REPORTS), "", "tlsrpt-multiple"),
                (1, ("--tlsrpt", "v=TLSRPTv1;"), "", "TLSRPT record: broken"),
                (1, ("--tlsrpt", "v=TLSRPTv1; rua=postmaster@example.com"), "", "No sender can"),
                (0, ("--tlsrpt", "v=TLSRPTv1; rua=a", "--record", RECORD), "", "No sender can"),
                (1, ("--tlsrpt", REPORTS, "--record", "v=spf1 -all"), "", "record-absent"),
                (1, ("--tlsrpt", "v=TLSRPTv1; rua=a"), "", "tlsrpt-syntax"),
                (1, ("--record", "v=STSv1"), "", "record-id-missing")):
            done = lint(*arguments, stdin=stdin)
            self.assertEqual(done.returncode, status, arguments)
            self.assertIn(said, done.stdout.decode())

    def test_causes_in_a_record(self) -> None:
        for text, code, cause in (
                (f'"{RECORD}"', "record-version", "quotation mark"),
                ("v=STSv1\\; id=1", "record-version", "a backslash before a semicolon"),
                ("v=STSv1; id=a\\b", "record-id-invalid", "a backslash"),
                ("v=STSv1; id=1\\n", "record-id-invalid", "\\n as two letters"),
                ("v=STSv1; id=“1”", "record-id-invalid", "typographic quotation mark"),
                ("v=STSv1; id=1v=STSv1; id=2", "record-id-invalid", "two records joined"),
                ("\ufeff" + RECORD, "record-version", "a byte order mark"),
                ("v=STSv1; id=2026-04-08;", "record-id-invalid", "only letters and digits"),
                ("v=stsv1; id=1;", "record-version", "case"),
                (" " + RECORD, "record-version", "a blank before"),
                ("v=STSv1 id=1", "record-version", 'no ";"')):
            record = self.judged(1, "--record", text)
            self.assertEqual(record["status"], "broken")
            self.assertIn(cause, str(member(record, f"findings.{code}.detail")), text)

    def test_causes_in_a_policy_and_their_lines(self) -> None:
        for text, code, line, cause in (
                ("\ufeff" + POLICY, "policy-syntax", 1, "byte order mark"),
                (POLICY.replace("\r\n", "\r"), "policy-syntax", 1, "CR alone"),
                (POLICY.replace("\r\n", "\\n"), "policy-syntax", 1, "\\n as two letters"),
                (POLICY.replace("enforce", "“enforce”"), "policy-mode", 2, "typographic"),
                (POLICY.replace("enforce", '"enforce"'), "policy-mode", 2, "a quotation mark"),
                ("<!doctype html><p>Not found", "policy-syntax", 1, "a web page"),
                (POLICY.replace("mx:", "nmx:"), "policy-unknown-field", 3, 'is "mx" meant?'),
                (POLICY.replace("max_age", "max-age"), "policy-unknown-field", 4,
                 'is "max_age" meant?'),
                (POLICY.replace(".com\r", ".com.\r"), "policy-mx-invalid", 3, "a trailing dot"),
                (POLICY.replace("mx: mail.", "mx: a@mail."), "policy-mx-invalid", 3, "e-mail"),
                (POLICY.replace("\r\nmode", "\r\n\r\nmode"), "policy-syntax", 2, "blank line"),
                (POLICY.replace("mode:", "mode"), "policy-syntax", 2, "no colon"),
                (POLICY.replace("604800", "7d"), "policy-max-age", 4, "digits")):
            record = self.judged(1, "--policy", "-", stdin=text)
            self.assertEqual(member(record, f"findings.{code}.line"), line, text)
            self.assertIn(cause, str(member(record, f"findings.{code}.detail")), text)
        self.assertEqual(codes(self.judged(1, "--policy", "-", stdin="")), ["policy-empty"])

    def test_hosts_against_the_policy(self) -> None:
        record = self.judged(1, "--policy", "-", "--mx", "mail.example.com", "mial.example.com",
                             stdin=POLICY)
        self.assertEqual([mx["covered"] for mx in record["mx"]], [True, False])  # type: ignore[attr-defined]
        self.assertEqual(member(record, "findings.mx-partial-mismatch.kind"), "typo")
        self.assertEqual(member(record, "findings.mx-partial-mismatch.host"), "mial.example.com")
        record = self.judged(0, "--policy", "-", "--mx", "other.example", stdin=POLICY.replace(
            "enforce", "none"))
        self.assertNotIn("mx-mismatch", codes(record))

    def test_why_a_host_is_not_covered(self) -> None:
        for mx, host, reason in (("mail.example.com", "mail.example.com.example.com", "mx-final-dot"),
                                 ("mail.example.com", "example.com.example.com", "mx-final-dot"),
                                 ("mx1.provider.net", "mx1.provider.net.example.com", "mx-final-dot"),
                                 ("*.provider.net", "mx1.provider.net.example.com", "mx-final-dot"),
                                 ("mail.example.com", "mx1.provider.net.example.com", None),
                                 ("mail.your-domain.com", "mail.example.com", "placeholder"),
                                 ("mail.example.com", "com.mail.com", None),
                                 ("mail.example.com", "mail.example.net", None)):
            record = self.judged(1, "--policy", "-", "--mx", host,
                                 stdin=POLICY.replace("mail.example.com", mx))
            found = next(f for f in record["findings"] if f["code"] == "mx-mismatch")  # type: ignore[attr-defined]
            self.assertEqual(found.get("reason"), reason, host)

    def test_the_null_mx(self) -> None:
        self.assertEqual(codes(self.judged(0, "--policy", "-", "--mx", ".", stdin=POLICY)), ["mx-null"])
        record = self.judged(0, "--policy", "-", "--mx", "mail.example.com", ".", stdin=POLICY)
        self.assertEqual(codes(record), ["mx-null"])
        self.assertIn("RFC 7505 section 3", str(member(record, "findings.mx-null.detail")))
        self.assertEqual(record["mx"], [{"host": "mail.example.com", "covered": True}, {"host": "."}])

    def test_policy_fields_in_the_record(self) -> None:
        record = self.judged(0, "--record", "v=STSv1; id=1; mode=testing; max_age=86400; MX=a.example")
        self.assertEqual(codes(record), ["record-policy-field"])
        self.assertIn("mode=testing", str(member(record, "findings.record-policy-field.detail")))
        self.assertIn("MX=a.example", str(member(record, "findings.record-policy-field.detail")))
        self.assertEqual(codes(self.judged(0, "--record", "v=STSv1; id=1; modes=testing")), [])

    def test_several_records(self) -> None:
        other = "v=STSv1; id=2;"
        for arguments, stdin in ((("--record", RECORD, other), ""),
                                 (("--record", RECORD, "--record", other), ""),
                                 (("--record", "-"), f"{RECORD}\n{other}\n"),
                                 (("--record", "-"), f"{RECORD}\r\n{other}"),
                                 (("--record", RECORD, "-"), f"{other}\n")):
            record = self.judged(1, *arguments, stdin=stdin)
            self.assertEqual(member(record, "record.txt"), [RECORD, other])
            self.assertEqual(codes(record), ["record-multiple"])

    def test_number_of_records(self) -> None:
        for count, status in ((TEXTS_MAX - 1, 1), (TEXTS_MAX, 1), (TEXTS_MAX + 1, 2)):
            done = lint("--json", "--record", *[RECORD] * count)
            self.assertEqual(done.returncode, status, count)
            if status == 2:
                self.assertIn(b"at most 256", done.stderr)
            else:
                self.assertEqual(len(json.loads(done.stdout)["record"]["txt"]), count)

    def test_size_of_a_policy(self) -> None:
        for size in (POLICY_MAX - 1, POLICY_MAX, POLICY_MAX + 1):
            filler = size - len(POLICY) - len("x: \r\n")
            record = self.judged(int(size > POLICY_MAX), "--policy", "-",
                                 stdin=POLICY + f"x: {'y' * filler}\r\n")
            self.assertEqual("policy-http-too-large" in codes(record), size > POLICY_MAX, size)

    def test_a_file_is_read_and_bytes_are_kept(self) -> None:
        with Folder() as folder:
            (folder / "policy").write_bytes(POLICY.encode() + b"note: \xff\0\x1b[31m\n")
            record = self.judged(1, "--policy", str(folder / "policy"))
            done = lint("--policy", str(folder / "policy"))
        self.assertIn("text_base64", record["policy"])  # type: ignore[arg-type]
        self.assertIn("policy-syntax", codes(record))
        self.assertNotIn(b"\x1b", done.stdout)

    def test_usage(self) -> None:
        for status, arguments, said in (
                (2, (), "nothing to judge"), (2, ("word",), "unexpected argument"),
                (2, ("--mx", "a b"), '"a b" is not a host name'), (2, ("--mx",), "needs a value"),
                (2, ("--policy=",), "not empty"),
                (2, ("--policy", "/nonexistent"), "No such file"),
                (2, ("--policy", "/"), "Is a directory"),
                (2, ("--policy", "-", "--record", "-"), "only once")):
            done = lint(*arguments)
            self.assertEqual((done.returncode, done.stdout), (status, b""), arguments)
            self.assertIn(said, done.stderr.decode())
            self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_text_for_people(self) -> None:
        text = lint("--record", "v=STSv1; id=\x1b[31m").stdout.decode()
        self.assertIn("broken: 1 error\n    error  record-id-invalid: ", text)
        self.assertIn("\\x1b[31m", text)
        self.assertNotIn("\x1b", text)
        self.assertEqual(lint("--record", RECORD).stdout, b"valid\n")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([stscan_path(), "lint", "--record", RECORD], stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count(b"standard output"), 1)
        self.assertIn(b"standard output", done.stderr)


if __name__ == "__main__":
    unittest.main()
