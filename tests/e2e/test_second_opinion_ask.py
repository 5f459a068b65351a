#!/usr/bin/env python3
"""Debian's python3-spf and python3-dkim judge the laboratory's records too; where they differ, the RFC decides."""

from __future__ import annotations

import json
import re
import subprocess
import unittest
from pathlib import Path

from program import Lab, parse, stscan

DEBIAN_PYTHON = "/usr/bin/python3"
ASKS = Path(__file__).resolve().parent / "second_opinion_ask.py"

# case -> their word, and the sentence that decides for ours
DISAGREEMENTS = {
    # They refuse the record itself; here it is a sound one that says something.
    "dkim-revoked": ("bad", "RFC 6376 section 3.6.1: An empty value means that this public key has been revoked."),
}


def installed() -> bool:
    return subprocess.run([DEBIAN_PYTHON, "-c", "import spf, dkim"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(installed(), "the packages python3-spf and python3-dkim are missing")
class SecondOpinion(unittest.TestCase):
    def test_only_known_disagreements(self) -> None:
        with Lab() as lab:
            cases = {case["domain"]: case for case in lab.cases() if case["ask_members"]}
            done = stscan("scan", *lab.options, "--ask", "spf,dkim=s1", "-", stdin="\n".join(map(str, cases)).encode())
            zone = "".join(path.read_text() for path in lab.folder.glob("*.zone"))
        asked, ours = [], []
        for record in parse(done.stdout.decode().splitlines()):
            name = cases[record["domain"]]["case"]
            found = {f["code"] for f in record["findings"]}  # type: ignore[attr-defined]
            txt = record["spf"].get("txt", [])  # type: ignore[attr-defined]
            if len(txt) == 1 and record["spf"].get("reason") != "version":  # type: ignore[attr-defined]
                asked.append({"kind": "spf", "txt": txt[0]})
                ours.append((name, "bad" if found & {"spf-syntax", "spf-lookups"} else "sound"))
            for line in zone.splitlines():
                if line.startswith(f"s1._domainkey.{record['domain']}. ") and "dkim-multiple" not in found:
                    text = line.partition("TXT ")[2].replace('" "', "").strip('"')
                    text = re.sub(r"\\(\d{3})", lambda code: chr(int(code[1])), text)
                    asked.append({"kind": "dkim", "txt": text})
                    ours.append((name, "bad" if "dkim-syntax" in found else "sound"))
        told = subprocess.run([DEBIAN_PYTHON, ASKS], input="\n".join(map(json.dumps, asked)), text=True,
                              capture_output=True, check=False)
        self.assertEqual(told.returncode, 0, told.stderr)
        theirs = told.stdout.split()
        self.assertEqual(len(theirs), len(ours))
        self.assertGreater(len(ours), 10)
        differ = {name: word for (name, our), word in zip(ours, theirs) if our != word}
        self.assertEqual(differ, {case: word for case, (word, _) in DISAGREEMENTS.items()})


if __name__ == "__main__":
    unittest.main()
