#!/usr/bin/env python3
"""Debian's postfix-mta-sts-resolver judges the laboratory too; where it differs, the RFC decides."""

from __future__ import annotations

import subprocess
import unittest
from pathlib import Path

from program import SECONDS, Lab, Record, parse, stscan

DEBIAN_PYTHON = "/usr/bin/python3"
ASKS = Path(__file__).resolve().parent / "second_opinion.py"
NONE, VALID, ERROR = "NONE", "VALID", "FETCH_ERROR"

ID = "section 3.1: sts-id = %s\"id=\" 1*32(ALPHA / DIGIT)"
MX = "section 3.2: sts-policy-mx-value = [\"*.\"] Domain"
TERM = "section 3.2: sts-policy-record = sts-policy-field *WSP " \
       "*(sts-policy-term sts-policy-field *WSP) [sts-policy-term]"

# case -> their result, and the words of RFC 8461 that decide for ours
DISAGREEMENTS = {
    # They do not look at the id's form, nor at other fields.
    "bad-id": (VALID, ID),
    "long-id": (VALID, ID),
    "bad-extension": (VALID, "section 3.1: sts-ext-value = 1*(%x21-3A / %x3C / %x3E-7E)"),
    "large-record": (VALID, "section 3.1: sts-ext-value = 1*(%x21-3A / %x3C / %x3E-7E)"),
    "empty-field": (VALID, "section 3.1: sts-text-record = sts-version "
                           "1*(sts-field-delim sts-field) [sts-field-delim]"),
    # They take a name from the CN.
    "common-name-only": (VALID, "section 3.3: Matching is performed only against the DNS-ID "
                                "identifiers."),
    # They refuse what only SHOULD be as it is; here it is a warning.
    "content-type": (ERROR, "section 3.2: senders SHOULD validate that the media type is "
                            "\"text/plain\""),
    # They split at all that Python calls a line end, and pass over what they do not know.
    "cr-lines": (VALID, "section 3.2: sts-policy-term = LF / CRLF"),
    "blank-line": (VALID, TERM),
    # The last of two counts with them.
    "first-mode-counts": ("mode: enforce",
                          "section 3.2: If any non-repeated field -- i.e., all fields excepting "
                          "\"mx\" -- is duplicated, all entries except for the first SHALL be "
                          "ignored."),
    # They do not look at an mx.
    "one-bad-mx": ("mx: ['mail.one-bad-mx.example', 'mail.one-bad-mx.example.']", MX),
    "only-bad-mx": (VALID, MX),
    # They read a policy without charset as ASCII.
    "unknown-field": (ERROR, "section 3.2: sts-policy-vchar = %x21-7E / UTF8-2 / UTF8-3 / UTF8-4"),
}


def our_result(record: Record) -> str:
    """What a sender that judges as stscan does would do, in the words of theirs."""
    findings: list[Record] = record["findings"]  # type: ignore[assignment]
    errors = {f["stage"] for f in findings if f["severity"] == "error"}
    if record["status"] == "unknown":
        return ERROR
    if record["status"] == "absent" or "record" in errors:
        return NONE
    return ERROR if record["effect"] == "opportunistic" else VALID


def ask_theirs(lab: Lab, domains: list[object]) -> dict[object, Record]:
    done = subprocess.run(
        [DEBIAN_PYTHON, ASKS, lab.env["LAB_RESOLVER"], lab.env["LAB_HTTPS_PORT"],
         lab.env["LAB_CA_FILE"]], input="\n".join(map(str, domains)), text=True,
        capture_output=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return {opinion["domain"]: opinion for opinion in parse(done.stdout.splitlines())}


def difference(record: Record, opinion: Record) -> str | None:
    """Their result, or what they read otherwise in the policy."""
    if opinion["result"] != our_result(record):
        return str(opinion["result"])
    if opinion["result"] != VALID:
        return None
    policy: Record = {"mx": [], **record["policy"]}  # type: ignore[dict-item]
    return next((f"{what}: {opinion[what]}" for what in ("mode", "max_age", "mx")
                 if policy[what] != opinion[what]), None)


def theirs_is_installed() -> bool:
    return subprocess.run([DEBIAN_PYTHON, "-c", "import postfix_mta_sts_resolver"],
                          capture_output=True, check=False).returncode == 0


@unittest.skipUnless(theirs_is_installed(), "the package postfix-mta-sts-resolver is missing")
class SecondOpinionTest(unittest.TestCase):
    def test_only_known_disagreements(self) -> None:
        with Lab() as lab:
            cases = {case["domain"]: case["case"] for case in lab.cases()}
            done = stscan("scan", *lab.options, lab.env["LAB_DOMAINS"])
            theirs = ask_theirs(lab, list(cases))
        differ = {}
        for record in parse(done.stdout.decode().splitlines()):
            theirs_differ = difference(record, theirs[record["domain"]])
            if theirs_differ:
                differ[cases[record["domain"]]] = theirs_differ
        self.assertEqual(len(theirs), len(cases))
        self.maxDiff = None
        self.assertEqual(differ, {case: result for case, (result, _) in DISAGREEMENTS.items()})


if __name__ == "__main__":
    unittest.main()
