"""The program, its reader or its standard error stand still: the verdicts are the same, and a wish to
end is heard.

The stops are real ones, in real seconds: all of them run at the same time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from program import SECONDS, Folder, Lab, Record, codes, parse, stscan_path

NAMES = 4400
SHARE = "0.15"
SOUND_LEAST = 400
STOPS = [(0.3, 8), (0.6, 12), (1.0, 12), (1.5, 8), (2.2, 12)]  # seconds: when, for how long
PAUSE_SECONDS = 12
PIPE_SIZE = 65536
# With records of half a kilobyte or more it is more than the pipe and the queue of the program hold.
MANY = 60000


def verdicts(records: list[Record]) -> dict[object, object]:
    return {r["n"]: (r["status"], r.get("effect"), codes(r) if "findings" in r else None) for r in records}


class StandStill(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = cls.enterClassContext(Folder())
        names = [f"name{i}.com" for i in range(NAMES)]
        cls.list = cls.folder / "names"
        cls.list.write_text("\n".join(names))
        cls.lab = cls.enterClassContext(Lab("--list", str(cls.list), "--share", SHARE))
        # Of several records at a name, which one a finding's detail shows is the resolver's choice.
        cls.expected = verdicts(parse(cls.finish(cls.scan(cls.list)).splitlines()))
        sound = sum(verdict[0] == "valid" for verdict in cls.expected.values())
        assert len(cls.expected) == NAMES and sound >= SOUND_LEAST, (len(cls.expected), sound)

    @classmethod
    def scan(cls, *arguments: str | Path, **more: object) -> subprocess.Popen[bytes]:
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        # Small steps, so that a scan lasts some seconds and a stop meets all of its parts.
        return subprocess.Popen([stscan_path(), "scan", *cls.lab.options, "--dns-rate", "2500",
                                 "--dns-timeout", "4000", "--connect-timeout", "3000",
                                 "--https-timeout", "6000", *map(str, arguments)], **options)

    @staticmethod
    def finish(scan: subprocess.Popen[bytes], status: int = 0) -> bytes:
        with scan:
            out, errors = scan.communicate(timeout=SECONDS)
        assert scan.returncode == status, f"{scan.returncode}: {(errors or b'').decode()}"
        return out

    def check(self, out: bytes) -> None:
        found = verdicts(parse(out.splitlines()))
        wrong = {n: (found.get(n), self.expected[n]) for n in self.expected
                 if found.get(n) != self.expected[n]}
        self.assertEqual(wrong, {})

    def stopped(self, at: float, seconds: float) -> bytes:
        scan = self.scan(self.list)
        for delay, number in ((at, signal.SIGSTOP), (seconds, signal.SIGCONT)):
            threading.Timer(delay if number == signal.SIGSTOP else at + delay, scan.send_signal,
                            (number,)).start()
        return self.finish(scan)

    def paused(self) -> bytes:
        """A reader that takes a little, pauses, and reads on."""
        scan = self.scan(self.list, "-o", "-")
        first = os.read(scan.stdout.fileno(), 1000)
        time.sleep(PAUSE_SECONDS)
        return first + self.finish(scan)

    def late(self) -> bytes:
        """A FIFO whose reader comes late, and pauses."""
        path = Path(tempfile.mkdtemp(dir=self.folder)) / "fifo"
        os.mkfifo(path)
        scan = self.scan(self.list, "-o", path)
        time.sleep(2)
        with path.open("rb") as fifo:
            time.sleep(PAUSE_SECONDS / 2)
            out = fifo.read()
        self.finish(scan)
        return out

    def deaf(self) -> bytes:
        """Nobody reads standard error until the scan is over."""
        ours, theirs = os.pipe()
        os.set_blocking(theirs, False)
        try:
            while True:
                os.write(theirs, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(theirs, True)
        scan = self.scan(self.list, "--progress", "always", stderr=theirs)
        os.close(theirs)
        with scan:
            out = scan.stdout.read()
            self.assertEqual(scan.wait(SECONDS), 0)
        os.close(ours)
        return out

    def test_the_same_verdicts(self) -> None:
        with ThreadPoolExecutor() as pool:
            cases = [pool.submit(self.stopped, *stop) for stop in STOPS]
            cases += [pool.submit(case) for case in (self.paused, self.late, self.deaf)]
            for case in cases:
                with self.subTest(case=cases.index(case)):
                    self.check(case.result())

    def wishes(self, *signals: tuple[float, signal.Signals], options: tuple[str, ...] = ()) -> float:
        """Seconds from the last signal to the end, where nobody ever reads what is written."""
        lines = b"".join(b"n%d.example.test\n" % i for i in range(MANY))
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as errors:
            source.write(lines)
            source.seek(0)
            scan = self.scan("--dns-rate", "0", *options, stdin=source, stderr=errors)
            time.sleep(2)
            for wait, number in signals:
                time.sleep(wait)
                scan.send_signal(number)
            begin = time.monotonic()
            self.assertEqual(scan.wait(SECONDS), 3)
            took = time.monotonic() - begin
            scan.stdout.close()
            errors.seek(0)
            said = errors.read()
        # What has no record is not counted by its status.
        self.assertIn(b"have no record\n", said)
        self.assertNotIn(b"absent ", said)
        return took

    def test_a_wish_to_end_is_heard(self) -> None:
        with ThreadPoolExecutor() as pool:
            twice = pool.submit(self.wishes, (0, signal.SIGINT), (1.5, signal.SIGINT))
            grace = pool.submit(self.wishes, (0, signal.SIGTERM), options=("--grace", "4"))
            self.assertLess(twice.result(), 3)
            self.assertLess(grace.result(), 8)


if __name__ == "__main__":
    unittest.main()
