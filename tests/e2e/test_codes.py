#!/usr/bin/env python3
"""Every finding code is raised by a real condition: a case that test_lab, test_check or test_faults has."""

from __future__ import annotations

import sys
import unittest

from program import ROOT, stscan

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import cases  # noqa: E402
import domains  # noqa: E402
import mail  # noqa: E402
import mail_cases  # noqa: E402


def listed_codes() -> set[str]:
    """Of `stscan explain`: the indented lines."""
    lines = stscan("explain").stdout.decode().splitlines()
    return {line.split()[0] for line in lines if line.startswith("  ")}


# Raised by an option or a command that no case has: by test_probe_mx and test_mail_servers.
ELSEWHERE = {"mx-host-dns", "mx-host-not-public",
             "mx-smtp-skipped", "dane-dnssec", "dane-mismatch", "dane-unusable", "dane-insecure"}


class CodesTest(unittest.TestCase):
    def test_every_code_is_shown(self) -> None:
        shown = set[str]().union(*(case.codes for case in (*domains.CASES, *cases.CASES, *mail.MAIL_CASES)),
                                 *({case.code} for case in mail_cases.MAIL_CASES if case.code),
                                 *(case.ask_codes | case.check_codes for case in domains.CASES))
        self.assertEqual(listed_codes() - shown, ELSEWHERE, "codes that no case shows")
        self.assertEqual(shown - listed_codes(), set(), "codes that do not exist")

    def test_names_of_cases_are_their_own(self) -> None:
        for table in (domains.CASES, cases.CASES):
            names = [case.name for case in table]
            self.assertEqual(len(set(names)), len(names))


if __name__ == "__main__":
    unittest.main()
