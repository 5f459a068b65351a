"""What pyspf and dkimpy say of records on standard input, as JSON lines: {"kind": "spf"|"dkim", "txt": ...}.

Run by Debian's own Python, for which they are packaged. Their judgement is untouched: only DNS is made up, since
it is the record's syntax that is asked about: every name has an address, an MX, and a sound record to include.
"""

from __future__ import annotations

import json
import sys

import dkim
import spf

ANSWERS = {"A": ["192.0.2.1"], "AAAA": [], "PTR": [], "MX": [(10, "mx.example")], "TXT": [(b"v=spf1 ?all",)],
           "SPF": []}


def answer(name: str, kind: str, *_: object, **__: object) -> list[tuple[tuple[str, str], object]]:
    return [((name, kind), data) for data in ANSWERS.get(kind, [])]


def of_spf(text: str) -> str:
    query = spf.query(i="203.0.113.1", s="a@x.example", h="x.example")
    return "bad" if query.check(spf=text)[0] == "permerror" else "sound"


def of_dkim(text: str) -> str:
    try:
        dkim.evaluate_pk("s1._domainkey.x.example", text.encode())
    except (dkim.KeyFormatError, dkim.UnknownKeyTypeError):
        return "bad"
    return "sound"


spf.DNSLookup = answer
for line in sys.stdin:
    record = json.loads(line)
    print({"spf": of_spf, "dkim": of_dkim}[record["kind"]](record["txt"]))
