#!/usr/bin/env python3
"""The program among others: signals, nohup, descriptors that are closed, few of them."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import time
import unittest
from pathlib import Path

from program import SECONDS, Folder, Lab, parse, stscan_path

SILENT = "127.0.0.1"


class ClosedTest(unittest.TestCase):
    """Descriptors 0, 1, 2 in every combination, for every command."""

    def run_closed(self, closed: tuple[int, ...], *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
        words = " ".join(f"'{word}'" for word in (stscan_path(), *map(str, arguments)))
        shut = " ".join(f"{fd}{'<' if fd == 0 else '>'}&-" for fd in closed)
        return subprocess.run(["sh", "-c", f"exec {words} {shut}"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=SECONDS, check=False)

    def test_every_combination(self) -> None:
        record = {"v": 1, "n": 1, "domain": "a.example", "status": "absent", "effect": "none", "findings": [],
                  "at": "2026-11-23T10:00:00.123Z", "ms": 61}
        with Lab() as lab, Folder() as folder:
            names, results = folder / "names", folder / "results"
            names.write_text("enforce.example\nabsent.example\n")
            results.write_text(json.dumps(record, separators=(",", ":")) + "\n")
            commands = (["scan", *lab.options, names], ["scan", *lab.options, "-"],
                        ["scan", *lab.options, "-o", folder / "out", "--force", names],
                        ["stats", results], ["stats", "-"], ["stats", "--list", "all", results],
                        ["diff", results, results], ["explain", "mx-mismatch"],
                        ["check", *lab.options, "absent.example"],
                        ["lint", "--record", "v=STSv1; id=1;"], ["lint", "--policy", "-"], ["--version"])
            for command, count in itertools.product(commands, range(4)):
                for closed in itertools.combinations(range(3), count):
                    done = self.run_closed(closed, *command)
                    self.assertIn(done.returncode, (0, 1, 2), (command, closed, done.stderr))
                    writes = 1 in closed and "-o" not in command
                    if writes:
                        self.assertNotEqual(done.returncode, 0, (command, closed, "results are lost"))
                    if done.returncode and 2 not in closed and command[0] in ("scan", "stats"):
                        self.assertIn(b"stscan", done.stderr, (command, closed))
            self.assertEqual(len(parse((folder / "out").read_text().splitlines())), 2)

    def test_no_file_is_taken_for_a_closed_descriptor(self) -> None:
        """The list would be descriptor 1 or 2, and be written into."""
        with Lab() as lab, Folder() as folder:
            names, out = folder / "names", folder / "out"
            names.write_text("enforce.example\n")
            done = self.run_closed((0, 1, 2), "scan", *lab.options, "-o", out, names)
            self.assertEqual((done.returncode, names.read_text()), (0, "enforce.example\n"))
            self.assertEqual([r["domain"] for r in parse(out.read_text().splitlines())], ["enforce.example"])


class SignalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = cls.enterClassContext(Lab())

    def start(self, *arguments: str | Path, before: tuple[str, ...] = (), **more: object) -> subprocess.Popen[bytes]:
        """A scan whose list is a pipe that stays open."""
        command = [*before, stscan_path(), "scan", *self.lab.options, *map(str, arguments), "-"]
        scan = subprocess.Popen(command, **{"stdin": subprocess.PIPE, "stderr": subprocess.PIPE,  # type: ignore[call-overload]
                                            "stdout": subprocess.PIPE, **more})
        assert scan.stdin
        scan.stdin.write(b"enforce.example\n")
        scan.stdin.flush()
        return scan

    def shown(self, term: str, columns: int) -> str:
        """Until the live line, or the end, has come."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        scan = self.start("--second-look", "0", stderr=theirs, env={**os.environ, "TERM": term})
        os.close(theirs)
        assert scan.stdin and scan.stdout
        seen = b""
        while not seen.count(b"\r1") and term != "dumb":
            seen += os.read(ours, 4096)
        if term == "dumb":
            time.sleep(1.2)  # two live lines would have come
        scan.communicate(timeout=SECONDS)
        self.assertEqual(scan.returncode, 0)
        try:
            while more := os.read(ours, 4096):
                seen += more
        except OSError:  # the other side is closed
            pass
        os.close(ours)
        return seen.decode()

    def test_the_live_line_fits_the_terminal(self) -> None:
        for columns in (20, 60, 200):
            lines = re.findall(r"\r(\d.*?)\x1b\[K", self.shown("xterm", columns))
            self.assertTrue(lines)
            self.assertLess(max(map(len, lines)), columns)
        self.assertIn("resolvers: 1 of 1 answer", lines[-1])

    def test_a_dumb_terminal_has_no_live_line(self) -> None:
        seen = self.shown("dumb", 80)
        self.assertNotIn("\x1b", seen)
        self.assertIn("complete: 1 records", seen)

    def wait_for_record(self, scan: subprocess.Popen[bytes], out: Path) -> None:
        deadline = time.monotonic() + 60
        while not out.exists() or not out.stat().st_size:
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(scan.poll())
            time.sleep(0.05)

    def test_nohup_is_heeded(self) -> None:
        with Folder() as folder:
            out = folder / "out"
            scan = self.start("-o", out, before=("nohup",))
            self.wait_for_record(scan, out)
            scan.send_signal(signal.SIGHUP)
            scan.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            self.assertIsNone(scan.poll(), "SIGHUP ended a scan under nohup")
            assert scan.stdin
            scan.stdin.write(b"absent.example\n")
            errors = scan.communicate(timeout=SECONDS)[1]
            self.assertEqual(scan.returncode, 0, errors)
            self.assertEqual(len(parse(out.read_text().splitlines())), 2)

    def test_what_is_ignored_at_the_start_stays_ignored(self) -> None:
        """A shell without job control starts `scan &` with SIGINT ignored."""
        with Folder() as folder:
            out = folder / "out"
            scan = self.start("-o", out, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
            self.wait_for_record(scan, out)
            scan.send_signal(signal.SIGINT)
            time.sleep(0.5)
            self.assertIsNone(scan.poll())
            scan.send_signal(signal.SIGTERM)
            scan.wait(timeout=SECONDS)
            self.assertEqual(scan.returncode, 3, scan.communicate()[1])

    def test_signals_close_together_are_one_and_every_line_written_is_zero(self) -> None:
        with Folder() as folder:
            out = folder / "out"
            names = folder / "names"
            names.write_text("enforce.example\nabsent.example\n")
            scan = subprocess.Popen([stscan_path(), "scan", *self.lab.options, "-o", out, "--dns-rate", "3", "--grace", "60",
                                     names], stderr=subprocess.PIPE)
            self.wait_for_record(scan, out)  # enforce.example is done, or absent.example
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                scan.send_signal(number)
            errors = scan.communicate(timeout=SECONDS)[1]
            records = parse(out.read_text().splitlines())
            self.assertEqual(len(records), 2, errors)
            self.assertEqual(scan.returncode, 0, errors)
            self.assertIn(b"complete", errors)
            self.assertEqual(errors.count(b"finishing domains in flight"), 1, errors)

    def test_a_signal_before_the_scan_proper_gives_3(self) -> None:
        """While the resolvers are asked whether they are there."""
        with socket.socket(type=socket.SOCK_DGRAM) as silent, Folder() as folder:
            silent.bind((SILENT, 0))
            scan = subprocess.Popen([stscan_path(), "scan", "--resolvers", f"{SILENT}:{silent.getsockname()[1]}",
                                     "-o", folder / "out", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            silent.settimeout(60)
            silent.recv(512)
            began = time.monotonic()
            scan.send_signal(signal.SIGTERM)
            errors = scan.communicate(timeout=SECONDS)[1]
            self.assertEqual(scan.returncode, 3, errors)
            self.assertIn(b"stopped", errors)
            self.assertLess(time.monotonic() - began, 3)
            self.assertFalse((folder / "out").exists())


class DescriptorTest(unittest.TestCase):
    def limited(self, most: int, *words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh", stscan_path(), *map(str, words)],
                              input=stdin, capture_output=True, timeout=SECONDS, check=False)

    def test_fewer_threads_rather_than_a_refusal(self) -> None:
        """What is accepted works: all names are scanned, and each has its record."""
        with Lab() as lab:
            names = b"".join(b"n%d.example\n" % i for i in range(3000)) + b"enforce.example\n"
            options = [*lab.options]
            dead = [f"127.0.0.{i}:9" for i in range(2, 33)]
            for most, resolvers, status in ((67, 1, 1), (68, 1, 0), (90, 1, 0), (200, 1, 0), (67, 32, 1),
                                            (68, 32, 0), (135, 32, 0), (700, 32, 0)):
                options[1] = ",".join([lab.options[1], *dead[:resolvers - 1]])
                done = self.limited(most, "scan", "--threads", "8", *options, "-", stdin=names)
                self.assertEqual(done.returncode, status, (most, resolvers, done.stderr))
                self.assertIn(f"{most} file descriptors are allowed".encode(), done.stderr)
                self.assertNotIn(b"memory", done.stderr)
                records = parse(done.stdout.decode().splitlines())
                self.assertEqual(len(records), 0 if status else 3001)
                if not status:
                    self.assertEqual([r["status"] for r in records if r["status"] != "absent"],
                                     ["valid"])


if __name__ == "__main__":
    unittest.main()
