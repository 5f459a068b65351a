#!/usr/bin/env python3
"""lint against an independent reading of the policy's ABNF (RFC 8461 section 3.2): 100 sound policies,
each changed in 30 ways."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import unittest
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from program import ROOT, SECONDS, is_sanitized, stscan

SEED, POLICIES = 8461, 100  # some 3,000 policies, the same at each time
MAX_AGE_MAX = 31557600
SUB_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
MX = re.compile(rf"(?:\*\.)?{SUB_DOMAIN}(?:\.{SUB_DOMAIN})*")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
# 1*( %x21-7E / UTF8-2 / UTF8-3 / UTF8-4 ), with blanks inside.
VALUE = re.compile(r"[!-~\x80-\U0010ffff](?:[ !-~\x80-\U0010ffff]*[!-~\x80-\U0010ffff])?")
KNOWN = {"version": re.compile("STSv1"), "mode": re.compile("testing|enforce|none"),
         "max_age": re.compile("[0-9]{1,10}")}


def is_sound(octets: bytes) -> bool:
    """By the grammar and the text of section 3.2 alone."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    lines = re.split("\r\n|\n", text)
    if lines[-1] == "":
        lines.pop()
    fields: dict[str, str] = {}
    patterns: list[str] = []
    for line in lines:
        name, colon, value = line.partition(":")
        value = value.strip(" \t")  # sts-policy-field-delim = ":" *WSP; *WSP behind each field
        if not colon or not NAME.fullmatch(name) or not VALUE.fullmatch(value):
            return False
        if name == "mx":
            patterns.append(value)
        elif name not in fields:  # "all entries except for the first SHOULD be ignored"
            fields[name] = value
    if not all(name in fields and rule.fullmatch(fields[name]) for name, rule in KNOWN.items()):
        return False
    if int(fields["max_age"]) > MAX_AGE_MAX or not all(MX.fullmatch(p) for p in patterns):
        return False
    return bool(patterns) or fields["mode"] == "none"


def sound_policy(rng: random.Random) -> bytes:
    mode = rng.choice(["enforce", "testing", "none"])
    hosts = [rng.choice(["mail", "mx1", "*.mx", "a-b", "MX"]) + rng.choice([".example.com", ".example"])
             for _ in range(rng.randint(0 if mode == "none" else 1, 4))]
    rest = [f"mode: {mode}", f"max_age: {rng.choice([86400, 604800, MAX_AGE_MAX])}",
            *(f"mx:{' ' * rng.randint(0, 2)}{host}" for host in hosts)]
    rng.shuffle(rest)
    if rng.random() < 0.2:
        rest.append("x-note: any value")
    end = rng.choice(["\r\n", "\n"])
    return (end.join(["version: STSv1", *rest]) + rng.choice([end, ""])).encode()


def on_a_line(change: Callable[[bytes], bytes]) -> Callable[[bytes, random.Random], bytes]:
    def changed(policy: bytes, rng: random.Random) -> bytes:
        lines = policy.splitlines(keepends=True)
        at = rng.randrange(len(lines))
        end = lines[at][len(lines[at].rstrip(b"\r\n")):]
        lines[at] = change(lines[at].rstrip(b"\r\n")) + end
        return b"".join(lines)
    return changed


def any_octet(policy: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(policy))
    return policy[:at] + bytes([rng.randrange(256)]) + policy[at + 1:]


def without_octet(policy: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(policy))
    return policy[:at] + policy[at + 1:]


def more_octet(policy: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(policy) + 1)
    return policy[:at] + bytes([rng.choice(b" \t\r\n:.*;#aZ09\0\x7f\xc3\xff")]) + policy[at:]


def without_line(policy: bytes, rng: random.Random) -> bytes:
    lines = policy.splitlines(keepends=True)
    del lines[rng.randrange(len(lines))]
    return b"".join(lines)


def line_twice(policy: bytes, rng: random.Random) -> bytes:
    lines = policy.rstrip(b"\r\n").split(b"\n")
    return b"\n".join([*lines, rng.choice(lines)])


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    lambda p, r: p, any_octet, without_octet, more_octet, without_line, line_twice,
    *(on_a_line(change) for change in (
        lambda line: b" " + line, lambda line: line + b" ", lambda line: line + b"\t",
        lambda line: line.replace(b":", b" :", 1), lambda line: line.replace(b":", b":\t", 1),
        lambda line: line.replace(b":", b"=", 1), lambda line: line.upper(),
        lambda line: line + b".", lambda line: line + b" # a comment",
        lambda line: line.partition(b":")[0] + b":", lambda line: line + b"\r",
        lambda line: line + b"\n", lambda line: b"", lambda line: line + b"\xff",
        lambda line: line + "\u00e4".encode(), lambda line: b'"' + line + b'"',
        lambda line: line + b";")),
    lambda p, r: b"\xef\xbb\xbf" + p, lambda p, r: p + b"\r", lambda p, r: p.replace(b"\n", b"\r"),
    lambda p, r: p + b"\r\n", lambda p, r: p.replace(b"max_age: ", b"max_age: 9"),
    lambda p, r: p.replace(b"mx:", b"mx: .", 1), lambda p, r: p[:r.randrange(len(p))],
)

# Where lint decides otherwise than the grammar, and the sentence that says so: none.

JUDGE = os.environ.get("JUDGE_POLICIES", str(ROOT / "build" / "tests" / "judge_policies"))
LINTED = 20 if is_sanitized() else 5  # every so manieth goes through the program too
AT_ONCE = 4


def are_valid(policies: list[bytes]) -> list[bool]:
    """By the program's own function, which is started once for all of them."""
    given = b"".join(b"%d\n%s" % (len(policy), policy) for policy in policies)
    done = subprocess.run([JUDGE], input=given, capture_output=True, timeout=SECONDS, check=True)
    return [line == b"valid" for line in done.stdout.splitlines()]


def lint_status(policy: bytes) -> str:
    return str(json.loads(stscan("lint", "--json", "--policy", "-", stdin=policy).stdout)["status"])


class CorpusTest(unittest.TestCase):
    def test_lint_reads_the_grammar_as_it_stands(self) -> None:
        rng = random.Random(SEED)
        policies = [sound_policy(rng) for _ in range(POLICIES)]
        self.assertTrue(all(map(is_sound, policies)))
        corpus = sorted({mutate(policy, rng) for policy in policies for mutate in MUTATIONS})
        judged = list(zip(corpus, are_valid(corpus), strict=True))
        differ = [(policy, valid) for policy, valid in judged if valid != is_sound(policy)]
        self.assertEqual(differ[:10], [], len(differ))
        self.assertGreater(len(corpus), 20 * POLICIES)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            said = pool.map(lint_status, corpus[::LINTED])
            for status, (policy, valid) in zip(said, judged[::LINTED], strict=True):
                self.assertEqual(status == "valid", valid, policy)


if __name__ == "__main__":
    unittest.main()
