"""Scans that are killed, stopped or run out of space, and resumed: every line once, as if nothing had been.

STSCAN_KILLS=200 STSCAN_KILL_NAMES=50000 is the long form of the crash test; STSCAN_SEED repeats a run.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import zlib
from pathlib import Path

from program import SECONDS, Lab, Record, read_gzip, read_plain, stscan, stscan_path
from test_lab import without_effort

KILLS = int(os.environ.get("STSCAN_KILLS", "10"))
NAMES = int(os.environ.get("STSCAN_KILL_NAMES", "4000"))
SEED = os.environ.get("STSCAN_SEED", str(random.SystemRandom().randrange(10**9)))
SHARE = "0.05"  # of the names that have a policy
LONGEST_LIFE = 2.0  # seconds until a scan is killed; a record is written after one at most
# Of two scans, what may differ: times, effort, and what a resolver's cache counts down.
FLEETING = {"at", "ms", "connect_ms", "tls_ms", "tries", "attempts", "ttl"}
# A resolver gives the records of a set in any order.
UNORDERED = {"txt", "addresses", "rua", "mx"}
OF_THE_FILE = ("input", "shards", "scan", "at", "version")  # not of its records


def lasting(value: object, name: str = "") -> object:
    if isinstance(value, dict):
        return {k: lasting(v, k) for k, v in value.items() if k not in FLEETING}
    if isinstance(value, list):
        values = [lasting(v) for v in value]
        return sorted(values, key=json.dumps) if name in UNORDERED else values
    return without_effort(str(value)) if name == "detail" else value


def read(path: Path) -> list[Record]:
    return read_gzip(path) if path.suffix == ".gz" else read_plain(path)


def records_not_torn(output: Path) -> int:
    """Of a file whose end is torn off: what stands in whole members, or in whole lines."""
    octets, text = output.read_bytes(), b""
    if output.suffix != ".gz":
        return octets.count(b"\n")
    while octets:
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        inside = member.decompress(octets)
        if not member.eof:
            break
        text, octets = text + inside, member.unused_data
    return text.count(b"\n")


class Disk:
    """A small file system for the time of a `with`; where none can be made, the test is skipped."""

    FILLER = "filler"
    PAGE = 4096

    def __init__(self, test: unittest.TestCase, path: Path, size: str) -> None:
        self.test, self.path, self.size = test, path, size

    def __enter__(self) -> Disk:
        self.path.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", self.path],
                                 capture_output=True, check=False)
        if mounted.returncode:
            self.test.skipTest(mounted.stderr.decode().strip())
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", self.path], check=True)

    def resize(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", self.path], check=True)

    def fill(self) -> None:
        """Makes it as small as what is in it."""
        (self.path / self.FILLER).write_bytes(bytes(self.PAGE))  # a size of 0 would be no limit
        at = os.statvfs(self.path)
        self.resize(str((at.f_blocks - at.f_bfree) * at.f_frsize))


class Resume(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        print(f"seed {SEED}: STSCAN_SEED={SEED} repeats this run", flush=True)
        cls.random = random.Random(SEED)
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-resume.")))
        names = [f"name{i}.test" for i in range(NAMES)]
        everything = cls.folder / "all"
        everything.write_text("\n".join(names))
        cls.lab = cls.enterClassContext(Lab("--list", str(everything), "--share", SHARE))
        # Of several records at a name, which one a finding's detail shows is the resolver's choice.
        names += [case["domain"] for case in cls.lab.cases()[:100]
                  if not any(code.endswith("-multiple") for code in case["codes"])]
        cls.random.shuffle(names)
        cls.lists = cls.make_lists(names)
        cls.expected = {r["n"]: lasting(r) for r in cls.scan_undisturbed()}

    @classmethod
    def make_lists(cls, names: list[str]) -> list[Path]:
        """Plain and gzip, with lines that give no record, and some that are no domains."""
        lines = [name for i, name in enumerate(names)
                 for name in ([name, "", "# a comment", "not a domain"] if i % 500 == 0 else [name])]
        half = len(lines) // 2
        plain, packed = cls.folder / "first.txt", cls.folder / "second.gz"
        plain.write_text("".join(f"{line}\n" for line in lines[:half]))
        with gzip.open(packed, "wt") as out:
            out.write("\n".join(lines[half:]))
        return [plain, packed]

    @classmethod
    def scan_undisturbed(cls) -> list[Record]:
        output = cls.folder / "undisturbed.gz"
        done = stscan(*cls.command(output, "--summary", str(cls.folder / "summary")))
        assert done.returncode == 0, done.stderr.decode()
        cls.statistics = json.loads((cls.folder / "summary").read_text())["statistics"]
        return read(output)

    @classmethod
    def command(cls, output: Path, *more: str) -> list[str]:
        return ["scan", *cls.lab.options, "-o", str(output), "--progress", "never", *more,
                *map(str, cls.lists)]

    def check_whole(self, output: Path) -> None:
        records = read(output)
        numbers = [r["n"] for r in records]
        self.assertEqual(len(numbers), len(set(numbers)), "a line has two records")
        self.assertEqual(set(numbers), set(self.expected), "not every line has a record")
        for record in records:
            self.assertEqual(lasting(record), self.expected[record["n"]])

    def start(self, output: Path, *more: str) -> subprocess.Popen[bytes]:
        threads = str(self.random.randint(1, 3))
        rate = str(max(NAMES // 4, 1000))
        return subprocess.Popen(
            [stscan_path(), *self.command(output, "--resume", "--threads", threads,
                                          "--dns-rate", rate, *more)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def interrupt(self, output: Path, number: signal.Signals) -> int:
        """Lets a scan go on for a while. Gives its exit status."""
        process = self.start(output)
        try:
            errors = process.communicate(timeout=self.random.uniform(0, LONGEST_LIFE))[1]
        except subprocess.TimeoutExpired:
            process.send_signal(number)
            if self.random.random() < 0.3:
                process.send_signal(number)
            errors = process.communicate(timeout=SECONDS)[1]
        self.assertIn(process.returncode, (0, 3, -number), errors.decode())
        if process.returncode == 3 and errors != b"stscan: stopped by a signal\n":  # before the scan proper
            self.assertIn(b"stscan scan --resume", errors)
        return process.returncode

    def resume_whole(self, output: Path) -> Record:
        """Gives the summary."""
        summary = output.with_suffix(".summary")
        done = stscan(*self.command(output, "--resume", "--summary", str(summary)))
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        told: Record = json.loads(summary.read_text())
        self.assertEqual(told["records"] + told["resumed"], len(self.expected))
        self.assertEqual(told["statistics"], self.statistics)
        return told

    def interrupt_often(self, number: signal.Signals, times: int) -> None:
        interrupted = rounds = 0
        while interrupted < times:
            output = self.folder / f"{number.name}{rounds}{('.ndjson', '.gz')[rounds % 2]}"
            while interrupted < times and self.interrupt(output, number) != 0:
                interrupted += 1
                read_what_is_whole(output)
            self.resume_whole(output)
            self.check_whole(output)
            rounds += 1
        print(f"{number.name}: {interrupted} times, {rounds} rounds of {len(self.expected)} records")

    def test_killed(self) -> None:
        self.interrupt_often(signal.SIGKILL, KILLS)

    def test_stopped(self) -> None:
        self.interrupt_often(signal.SIGTERM, max(KILLS // 4, 3))

    def test_killed_by_hangup_and_interrupt(self) -> None:
        self.interrupt_often(signal.SIGHUP, 2)
        self.interrupt_often(signal.SIGINT, 2)

    def test_finished_scans_are_left_alone(self) -> None:
        for name in ("done.gz", "done.ndjson"):
            output = self.folder / name
            self.assertEqual(stscan(*self.command(output)).returncode, 0)
            before = output.read_bytes(), output.stat().st_mtime_ns
            done = stscan(*[a for a in self.command(output, "--resume")
                            if a not in ("--progress", "never")])
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertIn(b"nothing left to do", done.stderr)
            self.assertEqual(before, (output.read_bytes(), output.stat().st_mtime_ns))

    def test_summary_is_of_the_whole_scan(self) -> None:
        few = self.folder / "before.txt"
        few.write_text("enforce.example\ntesting.example\n")
        for name in ("counted.gz", "counted.ndjson", "behind.gz", "behind.ndjson"):
            output = self.folder / name
            before = 0
            if name.startswith("behind"):
                self.assertEqual(stscan("scan", *self.lab.options, "-o", output, few).returncode, 0)
                before = output.stat().st_size
            self.assertEqual(stscan(*self.command(output, "--append")).returncode, 0)
            os.truncate(output, before + self.random.randrange(output.stat().st_size - before))
            told = self.resume_whole(output)
            self.assertGreater(told["records"], 0)
            self.assertEqual(self.resume_whole(output)["resumed"], len(self.expected))
            if before == 0:
                found = json.loads(stscan("stats", "--json", output).stdout)
                self.assertEqual({k: v for k, v in found.items() if k not in OF_THE_FILE}, self.statistics)

    def test_another_scan_is_refused(self) -> None:
        output = self.folder / "mine.gz"
        self.assertEqual(stscan(*self.command(output)).returncode, 0)
        before = output.read_bytes()
        other = self.folder / "other.txt"
        other.write_text(self.lists[0].read_text().replace("name7", "name8", 1))
        block = self.folder / "block"
        block.write_text("blocked.example\n")
        first, second = map(str, self.lists)
        options = [*self.lab.options, "-o", str(output), "--resume"]
        for arguments, named in (
                ([*options, str(other), second], b"list-1"),
                ([*options, first], b"lists"),
                ([*options, second, first], b"list-1"),
                ([*options, "--dns-tries", "2", first, second], b"--dns-tries"),
                ([*options, "--shard", "0/2", first, second], b"--shard"),
                ([*options, "--user-agent", "another", first, second], b"--user-agent"),
                ([*options, "--block", str(block), first, second], b"--block")):
            done = stscan("scan", *arguments)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn(named, done.stderr)
            self.assertEqual(output.read_bytes(), before)

    def test_what_is_no_results_is_left_alone(self) -> None:
        for name, content in (("a.gz", gzip.compress(b"mine\n")), ("a", b"mine\n"), ("b.gz", b"mine")):
            output = self.folder / name
            output.write_bytes(content)
            done = stscan(*self.command(output, "--resume"))
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"is not resumed", done.stderr)
            self.assertEqual(output.read_bytes(), content)

    def test_two_scans_do_not_share_an_output(self) -> None:
        output = self.folder / "shared.gz"
        first = self.start(output)
        try:
            wait_for(output)
            for mode in ("--resume", "--append", "--force"):
                second = stscan(*self.command(output, mode))
                self.assertEqual(second.returncode, 3)
                self.assertIn(b"another scan is writing to it", second.stderr)
        finally:
            errors = first.communicate(timeout=SECONDS)[1]
        self.assertEqual(first.returncode, 0, errors.decode())
        self.check_whole(output)

    def test_standard_input_and_shards(self) -> None:
        text = self.lists[0].read_bytes()
        lines = text.count(b"\n")
        numbers: list[object] = []
        for shard in ("0/2", "1/2"):
            output = self.folder / f"shard{shard[0]}.gz"
            command = ["scan", *self.lab.options, "-o", output, "--shard", shard]
            self.assertEqual(stscan(*command, stdin=text).returncode, 0)
            os.truncate(output, output.stat().st_size // 2)
            done = stscan(*command, "--resume", stdin=text)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            numbers += [r["n"] for r in read(output)]
        self.assertEqual(sorted(numbers), sorted(n for n in self.expected if n <= lines))

    def test_appended_scans_are_resumed_each_by_itself(self) -> None:
        for name in ("appended.gz", "appended.ndjson"):
            output = self.folder / name
            other = self.folder / "few.txt"
            other.write_text("enforce.example\ntesting.example\n")
            self.assertEqual(stscan("scan", *self.lab.options, "-o", output, other).returncode, 0)
            before = output.stat().st_size
            self.assertEqual(stscan(*self.command(output, "--append")).returncode, 0)
            os.truncate(output, before + (output.stat().st_size - before) // 2)
            done = stscan(*self.command(output, "--resume"))
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            records = read(output)
            self.assertEqual({r["domain"] for r in records[:2]}, {"enforce.example", "testing.example"})
            self.assertEqual(sorted(r["n"] for r in records[2:]), sorted(self.expected))

    def append(self, output: Path, names: Path) -> subprocess.CompletedProcess[bytes]:
        return stscan("scan", *self.lab.options, "--progress", "never", "--append", "-o", output, names)

    def check_not_appended(self, output: Path, names: Path) -> str:
        """Gives the one line that is said."""
        beside = output.with_name(output.name + ".resume")
        before = output.read_bytes(), beside.exists() and beside.read_bytes()
        done = self.append(output, names)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(before, (output.read_bytes(), beside.exists() and beside.read_bytes()))
        self.assertIn(f"output {output} is not appended to: ".encode(), done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1)
        return done.stderr.decode()

    def tear(self, whole: Path, octets: int) -> Path:
        """A copy whose end is torn off."""
        output = self.folder / f"torn-{whole.name}"
        shutil.copy(whole, output)
        if whole.suffix != ".gz":
            shutil.copy(f"{whole}.resume", f"{output}.resume")
        os.truncate(output, whole.stat().st_size - octets)
        return output

    def test_a_torn_output_is_not_appended_to(self) -> None:
        names = self.folder / "torn.txt"
        names.write_text("enforce.example\ntesting.example\n")
        for suffix, octets in ((".gz", 1), (".gz", 100), (".ndjson", 1), (".ndjson", 100)):
            whole = self.folder / f"untorn{octets}{suffix}"
            self.assertEqual(self.append(whole, names).returncode, 0)  # makes it
            self.assertEqual(self.append(whole, names).returncode, 0)
            self.assertEqual(len(read(whole)), 4)

            output = self.tear(whole, octets)
            whole_records = records_not_torn(output)
            self.assertIn(whole_records, (2, 3, 4))
            said = self.check_not_appended(output, names)
            advice = re.search(r"byte (\d+), and (\d+) bytes .* --resume .* truncate -s (\d+) ", said)
            assert advice, said
            self.assertEqual(advice[1], advice[3])
            self.assertEqual(int(advice[1]) + int(advice[2]), output.stat().st_size)
            os.truncate(output, int(advice[1]))
            left = len(read(output))
            self.assertEqual(left, whole_records)
            self.assertEqual(self.append(output, names).returncode, 0)
            self.assertEqual(len(read(output)), left + 2)

            output = self.tear(whole, octets)
            done = stscan("scan", *self.lab.options, "--resume", "-o", output, names)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertEqual(self.append(output, names).returncode, 0)
            self.assertEqual(len(read(output)), 6)

    def test_what_is_appended_to(self) -> None:
        names = self.folder / "more.txt"
        names.write_text("enforce.example\n")
        record = b'{"v":1,"n":1,"domain":"a.example","status":"absent","effect":"none","findings":[]}\n'
        for name, content, records in (("empty.gz", b"", 0), ("empty.ndjson", b"", 0),
                                       ("packed.gz", gzip.compress(record), 1), ("by-hand.ndjson", record, 1)):
            output = self.folder / name
            output.write_bytes(content)
            done = self.append(output, names)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertEqual(len(read(output)), records + 1)
        for name, content, said in (
                ("mine.gz", gzip.compress(b"mine\n"), "no records"), ("mine.ndjson", b"mine\n", "no records"),
                ("note.gz", b"mine", "no whole gzip member"), ("note.ndjson", b"mine", "no whole record"),
                ("not-packed.gz", record, "no whole gzip member")):
            output = self.folder / name
            output.write_bytes(content)
            self.assertIn(said, self.check_not_appended(output, names))

    def test_file_too_large(self) -> None:
        """EFBIG, again and again, with more room each time; where there was none for a record, the status is 1."""
        for suffix in (".gz", ".ndjson"):
            output = self.folder / f"limited{suffix}"
            end = 3
            full = written = 0
            room = 20_000 if suffix == ".gz" else 300_000
            while end:
                self.assertLess(full, 100)
                limit = room * (full + 1)
                done = subprocess.run(
                    [stscan_path(), *self.command(output, "--resume")], capture_output=True,
                    preexec_fn=lambda most=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
                    timeout=SECONDS, check=False)
                end = done.returncode
                if end:
                    self.assertIn(b"File too large", done.stderr)
                    self.assertIn(b"stscan scan --resume", done.stderr)
                    before, written = written, len(read(output))  # what is there is whole
                    self.assertEqual(end, 3 if written > before else 1, done.stderr.decode())
                    full += 1
            self.assertGreater(full, 0)
            self.check_whole(output)

    def test_file_system_full(self) -> None:
        with Disk(self, self.folder / "disk", "48k") as disk:
            output = disk.path / "full.gz"
            done = stscan(*self.command(output))
            self.assertEqual(done.returncode, 3, done.stderr.decode())
            self.assertIn(b"No space left on device", done.stderr)
            read(output)
            disk.resize("64m")
            done = stscan(*self.command(output, "--resume"))
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.check_whole(output)

    def test_resume_on_a_full_file_system(self) -> None:
        for suffix in (".gz", ".ndjson"):
            with Disk(self, self.folder / f"disk{suffix}", "256m") as disk:
                output = disk.path / f"torn{suffix}"
                self.assertEqual(stscan(*self.command(output)).returncode, 0)
                os.truncate(output, output.stat().st_size // 2)
                disk.fill()
                for torn in (True, False):
                    done = stscan(*self.command(output, "--resume"))
                    # What could write nothing would fail again: an engine must not repeat it for ever.
                    self.assertEqual(done.returncode, 1, done.stderr.decode())
                    self.assertEqual(b"of an incomplete final record" in done.stderr, torn)
                    self.assertIn(f"output {output}: No space left on device\n".encode(), done.stderr)
                    self.assertIn(b"stscan scan --resume", done.stderr)
                    left = read(output)  # all of it is whole
                    self.assertTrue(0 < len(left) < len(self.expected))
                disk.resize("256m")
                self.resume_whole(output)
                self.check_whole(output)

    def test_resume_of_nothing_on_a_full_file_system(self) -> None:
        """There is no room for what tells which scan it is."""
        for suffix in (".gz", ".ndjson"):
            with Disk(self, self.folder / f"none{suffix}", "256m") as disk:
                output = disk.path / f"empty{suffix}"
                output.touch()
                disk.fill()
                done = stscan(*self.command(output, "--resume"))
                self.assertEqual(done.returncode, 1, done.stderr.decode())
                self.assertIn(f"output {output}".encode(), done.stderr)
                self.assertIn(b": No space left on device\n", done.stderr)
                self.assertEqual({p.name: p.stat().st_size for p in disk.path.iterdir()},
                                 {output.name: 0, Disk.FILLER: Disk.PAGE})
                disk.resize("256m")
                self.resume_whole(output)
                self.check_whole(output)

    def test_reader_of_standard_output_goes(self) -> None:
        process = subprocess.Popen(
            [stscan_path(), "scan", *self.lab.options, *map(str, self.lists)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(SECONDS), 0)
        self.assertEqual(errors, b"")


def wait_for(output: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not output.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def read_what_is_whole(output: Path) -> None:
    """After a stop all is whole; after a kill a torn end is allowed, and nothing else."""
    if not output.exists():
        return
    content = output.read_bytes()
    if output.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except EOFError:
            return
    for line in content.splitlines(keepends=True)[:-1]:
        assert line.startswith(b'{"v":1,"n":') and line.endswith(b"}\n"), line


if __name__ == "__main__":
    unittest.main()
