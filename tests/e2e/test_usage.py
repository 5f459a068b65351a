#!/usr/bin/env python3
"""What is wrong is said in one clear line, with the right exit status, and nothing is half-written."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import unittest
from pathlib import Path

from program import Folder, Lab, Record, parse, read_gzip, stscan, stscan_path

NOWHERE = ["--resolvers", "127.0.0.1:9"]  # discard: nobody answers


def one_line(stderr: bytes) -> str:
    lines = stderr.decode().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def whole_records(path: Path) -> list[Record]:
    """What can be read while the scan still writes."""
    try:
        return read_gzip(path)
    except (EOFError, FileNotFoundError):
        return []


class UsageTest(unittest.TestCase):
    def test_bad_values_name_option_value_and_what_is_allowed(self) -> None:
        for option, value, allowed in (
                ("--threads", "0", "from 1 to 256"), ("--threads", "x", "from 1 to 256"),
                ("--threads", "257", "from 1 to 256"), ("--threads", "-1", "from 1 to 256"),
                ("--concurrency", "1000001", "from 1 to 1000000"),
                ("--dns-tries", "17", "from 1 to 16"), ("--dns-timeout", "99", "from 100 to"),
                ("--https-port", "65536", "from 1 to 65535"),
                ("--max-policy-size", "63", "from 64 to"), ("--shard", "3/3", "I < N"),
                ("--shard", "1", "I < N"), ("--format", "xml", "auto|lines|csv"),
                ("--grace", "3601", "from 0 to 3600"),
                ("--progress", "maybe", "auto|always|never"), ("--output", "", "not empty"),
                ("--column", "0", "from 1"), ("--label", "00", "from 1"),
                ("--user-agent", "a\x7fb", "without control characters")):
            done = stscan("scan", f"{option}={value}")
            self.assertEqual(done.returncode, 2, option)
            line = one_line(done.stderr)
            for part in (option, f'"{value}"'.replace("\x7f", "\\x7f"), allowed):
                self.assertIn(part, line)
        done = stscan("scan", "--user-agent=a\r\nX-Injected: b", "/dev/null")
        self.assertEqual(done.returncode, 2)

    def test_words_that_do_not_go_together(self) -> None:
        for arguments, said in ((["--append"], "--append needs the --output FILE"),
                                (["--append", "-o", "-"], "--append needs the --output FILE"),
                                (["--resume"], "--resume needs the --output FILE"),
                                (["-", "-"], "standard input can be read only once")):
            done = stscan("scan", *NOWHERE, *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(said, one_line(done.stderr))
        for command in (["stats", "/dev/null"], ["stats", "--series", "/dev/null"],
                        ["diff", "/dev/null", "/dev/null"]):
            for option in ("--title=a", "--names=5"):
                done = stscan(*command, option)
                self.assertEqual((done.returncode, done.stdout), (2, b""), (command, option))
                self.assertIn("goes with --html", one_line(done.stderr))

    def test_how_mail_servers_are_asked(self) -> None:
        for more, parts in (
                (["--smtp-port=25"], ["--smtp-port is of use with --probe-mx alone"]),
                (["--ehlo=a.example"], ["--ehlo is of use with --probe-mx alone"]),
                (["--probe-mx", "--ehlo=localhost"], ['--ehlo: "localhost" is not allowed', "with a dot"]),
                (["--probe-mx", "--ehlo=192.0.2.1"], ['--ehlo: "192.0.2.1" is not allowed']),
                (["--probe-mx", "--ehlo=a b.example"], ['--ehlo: "a b.example" is not allowed']),
                (["--probe-mx", "--ehlo=" + 70 * "a." + 114 * "b"], ["is not allowed"]),
                (["--probe-mx", "--ehlo=a.example", "--smtp-timeout=99"], ['"99"', "from 100 to"]),
                (["--probe-mx", "--ehlo=a.example", "--smtp-port=0"], ['"0"', "from 1 to 65535"]),
                (["--probe-mx", "--ehlo=a.example", "--smtp-rate=x"], ['"x"', "from 0 to"]),
                (["--probe-mx", "--ehlo=a.example", "--smtp-per-address=10001"], ['"10001"', "to 10000"]),
                (["--probe-mx", "--ehlo=a.example", "--smtp-per-address-rate=-1"], ['"-1"', "to 100000"]),
                (["--probe-mx", "--ehlo=a.example", "--probe-check=a.example:0"], ['"a.example:0"', "1 to 65535"]),
                (["--probe-mx", "--ehlo=a.example", "--probe-check=a_.example:x"], ['"a_.example:x"'])):
            done = stscan("scan", *NOWHERE, *more)
            self.assertEqual(done.returncode, 2, done.stderr)
            for part in parts:
                self.assertIn(part, one_line(done.stderr))

    def test_values_at_the_limits_are_taken(self) -> None:
        for option, value in (("--threads", "1"), ("--threads", "256"), ("--dns-tries", "16"),
                              ("--https-port", "65535"), ("--shard", "2/3")):
            done = stscan("scan", option, value, "/nonexistent")
            self.assertEqual(done.returncode, 1, done.stderr)

    def test_unknown_words(self) -> None:
        for arguments in ([], ["scann"], ["scan", "--nonsense"], ["scan", "--threads"],
                          ["scan", "--force", "--append"]):
            self.assertEqual(stscan(*arguments).returncode, 2, arguments)
        self.assertNotIn(b"\x1b", stscan("scan", "--threads", "\x1b[31m").stderr)

    def test_help_and_version(self) -> None:
        for arguments in (["--help"], ["scan", "--help"], ["--version"]):
            done = stscan(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn(b"libcurl", stscan("--version").stdout)
        self.assertRegex(stscan("scan", "--help").stdout, rb"--dns-timeout MS [^-]*\[5000\]")

    def test_help_is_one_text_in_all_its_ways_and_fits_80_columns(self) -> None:
        self.assertEqual(stscan("help").stdout, stscan("--help").stdout)
        self.assertEqual(stscan("version").stdout, stscan("--version").stdout)
        for command in ("scan", "check", "show", "lint", "stats", "diff", "explain"):
            done = stscan("help", command)
            self.assertEqual((done.returncode, done.stdout), (0, stscan(command, "--help").stdout))
            wide = [line for line in (done.stdout + stscan("help").stdout).decode().splitlines()
                    if len(line) > 80]
            self.assertEqual(wide, [])

    def test_help_and_version_have_help_too(self) -> None:
        for arguments in (["help", "help"], ["help", "version"], ["version", "--help"], ["help", "-h"]):
            done = stscan(*arguments)
            self.assertEqual((done.returncode, done.stdout), (0, stscan("help").stdout), arguments)
        for arguments in (["help", "scan", "more"], ["version", "more"]):
            done = stscan(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, b""), arguments)
            self.assertIn('unexpected argument "more"', one_line(done.stderr))

    def test_the_groups_of_options_stand_in_the_order_of_the_work(self) -> None:
        for command, first in (("scan", ["Lists", "Which domains", "Output", "What to ask", "DNS"]),
                               ("stats", ["Which domains", "What to count and show",
                                          "Form of the answer", "Output"]),
                               ("lint", ["What to judge", "Form of the answer"])):
            groups = [line[:-1] for line in stscan(command, "--help").stdout.decode().splitlines()
                      if line.endswith(":") and line[0].isupper()]
            self.assertEqual(groups[:len(first)], first)
            self.assertEqual(groups[-1], "Others")

    def test_the_nearest_word_is_suggested(self) -> None:
        for arguments, said in (
                (["scna"], "did you mean scan?"), (["help", "lnt"], "did you mean lint?"),
                (["entirely"], "see stscan help"), (["--verison"], "did you mean version?"),
                (["explain", "MTASTS_DNS_EROR"], "did you mean MTASTS_DNS_ERROR?"),
                (["stats", "--by", "statsu", "-"], "did you mean status?"),
                (["stats", "--list", "policy-tls-expierd", "-"], "did you mean policy-tls-expired?"),
                (["stats", "--list", "all", "--columns", "domian", "-"], "did you mean domain?"),
                (["stats", "--where", "statsu=valid", "-"], "did you mean status?"),
                (["scan", "--where", "status!=absnet", "-"], "did you mean absent?"),
                (["diff", "--where", "code=policy-empt", "/dev/null", "-"], "did you mean policy-empty?"),
                (["scan", "--dns-timout=5"], "did you mean --dns-timeout?"),
                (["scan", "--entirely-else"], "see stscan scan --help"),
                (["scan", "--resume=5"], "--resume takes no value"),
                (["scan", "--threads"], "--threads needs a value")):
            done = stscan(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(said, done.stderr.decode())

    def test_what_cannot_be_done_is_said_before_anything_is_written(self) -> None:
        with Folder() as folder:
            names = folder / "list"
            names.write_text("example.com\n")
            (folder / "empty").write_text("")
            new = folder / "new"
            for arguments, said in (
                    ([folder / "missing"], "No such file"),
                    ([folder], "Is a directory"),
                    ([*NOWHERE, names], "no resolver answers"),
                    (["--ca-file", folder / "empty", names], "certificate"),
                    (["--ca-file", folder / "missing", names], f"{folder}/missing"),
                    (["--block", folder / "missing", names], "No such file"),
                    (["--summary", folder / "no" / "summary", names], "No such file"),
                    (["--resolvers", f"@{folder / 'missing'}", names], "No such file")):
                done = stscan("scan", "-o", new, *NOWHERE, *arguments)
                later = said == "no resolver answers"
                self.assertEqual(done.returncode, 3 if later else 1, (arguments, done.stderr))
                self.assertIn(said, done.stderr.decode())
                self.assertFalse(new.exists(), arguments)
            done = stscan("scan", "--resolvers", "example.com", names)
            self.assertEqual(done.returncode, 2)
            self.assertIn('"example.com"', one_line(done.stderr))


LOOKED_AT_FIRST = 65536  # octets that are read of each list before the scan begins, to know its form


def wait_until_read(scan: subprocess.Popen[bytes], path: Path) -> None:
    """Until a scan has opened its list, and some of it is read."""
    process = Path(f"/proc/{scan.pid}")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for fd in (process / "fd").iterdir():
            try:
                at = int((process / "fdinfo" / fd.name).read_text().split()[1])
                if fd.readlink() == path and at > LOOKED_AT_FIRST:
                    return
            except FileNotFoundError:
                pass  # closed meanwhile
        time.sleep(0.01)
    raise TimeoutError(f"{path} is not read")


class EndTest(unittest.TestCase):
    """Over a laboratory: outputs that exist, and scans that are stopped."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = Lab().__enter__()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.lab.__exit__()

    def test_an_output_that_exists_is_kept(self) -> None:
        scan = ["scan", *self.lab.options, "--progress", "never"]
        with Folder() as folder:
            out = folder / "out"
            out.write_text("here\n")
            done = stscan(*scan, "-o", out, "-", stdin=b"a.example\n")
            self.assertEqual((done.returncode, out.read_text()), (1, "here\n"))
            self.assertIn("--force", one_line(done.stderr))
            done = stscan(*scan, "--force", "-o", out, "-", stdin=b"a.example\n")
            self.assertEqual((done.returncode, len(out.read_text().splitlines())), (0, 1))
            done = stscan(*scan, "--append", "-o", out, "-", stdin=b"b.example\n")
            self.assertEqual(done.returncode, 0)
            self.assertEqual([r["domain"] for r in parse(out.read_text().splitlines())],
                             ["a.example", "b.example"])
            done = stscan(*scan, "-o", folder / "no" / "out", "-", stdin=b"a.example\n")
            self.assertEqual(done.returncode, 1)
            self.assertIn("No such file", one_line(done.stderr))

    def start_endless(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """A scan whose list is a pipe that stays open."""
        command = [stscan_path(), "scan", *self.lab.options, *map(str, arguments), "-"]
        scan = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        assert scan.stdin
        scan.stdin.write(b"enforce.example\nabsent.example\nrefused.example\n")
        scan.stdin.flush()
        return scan

    def test_signals_end_a_scan_with_whole_output(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with Folder() as folder:
                out = folder / "out.gz"
                scan = self.start_endless("-o", out)
                deadline = time.monotonic() + 60
                while len(whole_records(out)) < 3:
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.05)
                scan.send_signal(number)
                scan.wait(timeout=60)  # communicate() closes the list: the end might come first
                _, stderr = scan.communicate(timeout=60)
                self.assertEqual(scan.returncode, 3, stderr)
                self.assertEqual({r["n"] for r in read_gzip(out)}, {1, 2, 3})
                self.assertIn(b"stopped", stderr)

    def test_a_closed_reader_is_a_quiet_end(self) -> None:
        scan = self.start_endless("--progress", "never")
        assert scan.stdin and scan.stdout and scan.stderr
        scan.stdout.close()
        scan.stdin.write(b"".join(b"n%d.example\n" % i for i in range(5000)))
        scan.stdin.close()
        self.assertEqual(scan.stderr.read(), b"")
        self.assertEqual(scan.wait(timeout=60), 0)
        scan.stderr.close()

    def test_a_list_that_changes_while_it_is_read_is_told(self) -> None:
        """Nobody reads the results at first, so that the scan stands still in the middle of the list."""
        lines = [f"n{i:09}.example\n" for i in range(60_000)]  # more than the program holds at a time
        for change in (0, -1000, 1000):
            with Folder() as folder:
                names = folder / "names"
                names.write_text("".join(lines))
                (folder / "block").write_text("example\nmore\n")
                scan = subprocess.Popen(
                    [stscan_path(), "scan", *self.lab.options, "--progress", "never", "--block",
                     folder / "block", names],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                wait_until_read(scan, names)
                os.truncate(names, sum(map(len, lines[:len(lines) + min(change, 0)])))
                with names.open("a") as file:
                    file.write("one.more\n" * change)
                results, errors = scan.communicate(timeout=60)
                self.assertEqual(scan.returncode, 0, errors)
                self.assertEqual(len(results.splitlines()), len(lines) + change)
                said = f"stscan: list {names} changed while it was read: records are of what was read\n"
                self.assertEqual(errors.decode(), said if change else "")

    def test_few_descriptors_lower_the_concurrency(self) -> None:
        command = " ".join([stscan_path(), "scan", "--threads", "1", *self.lab.options, "-"])
        done = subprocess.run(["sh", "-c", "ulimit -n 200; exec " + command],
                              input=b"enforce.example\n", capture_output=True, check=False,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"200 file descriptors are allowed", done.stderr)
        self.assertEqual(parse(done.stdout.decode().splitlines())[0]["status"], "valid")

    def test_a_dead_resolver_beside_a_good_one_is_told(self) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            dead = f"127.0.0.1:{silent.getsockname()[1]}"
            options = self.lab.options
            options[1] += "," + dead
            done = stscan("scan", *options, "-", stdin=b"enforce.example\n")
        self.assertIn(f"resolver {dead} does not answer", done.stderr.decode())
        self.assertEqual(parse(done.stdout.decode().splitlines())[0]["status"], "valid")


if __name__ == "__main__":
    unittest.main()
