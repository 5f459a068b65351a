"""What the benches run against: the laboratory's servers pinned to one core, and lists."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Iterable

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lab"))

import servers  # noqa: E402
from certificates import Authority  # noqa: E402
from domains import CASES  # noqa: E402
from web import server_block  # noqa: E402
from zone import Deployment, root_zone  # noqa: E402

SERVER_CORE = 1
DEPLOYED = 1000  # domains with a policy, each with an address and a certificate of its own
ADOPTION_PER_THOUSAND = 7
TLDS = ("com", "com", "com", "net", "org", "de", "ru", "io")
DNSDIST_START = 'setLocal("127.0.0.1:{port}")\nnewServer("127.0.0.1:{knot}")\n'


def deployments() -> list[Deployment]:
    sound = next(case for case in CASES if case.name == "enforce")
    return [Deployment(f"deployed{i}.example", sound,
                       f"127.1.{1 + i // 250}.{1 + i % 250}") for i in range(DEPLOYED)]


class Setting:
    """For the time of a `with`: a folder, and servers that start when first asked for."""

    def __init__(self, build: Path) -> None:
        self.build = build
        self.isolated = False  # in a network of its own

    def __enter__(self) -> Setting:
        self.temporary = tempfile.TemporaryDirectory(prefix="stscan-bench.")
        self.folder = Path(self.temporary.name)
        self.folder.chmod(0o755)
        self.started: list[str] = []
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(self.started):
            servers.stop(self.folder, name)
        self.temporary.cleanup()

    def program(self, name: str) -> str:
        return str(self.build / name)

    def spawn(self, name: str, command: list[str]) -> None:
        servers.spawn(self.folder, name, ["taskset", "-c", str(SERVER_CORE), *command])
        self.started.append(name)

    def place(self, name: str, cores: Iterable[int]) -> None:
        """Moves a server with all its threads and children, wherever they put themselves."""
        pid = int((self.folder / f"{name}.process").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for task in [*os.listdir(f"/proc/{pid}/task"), *children]:
            os.sched_setaffinity(int(task), cores)

    def spread_servers(self) -> None:
        """From now on the servers may run on every core."""
        for name in self.started:
            self.place(name, range(os.cpu_count() or 1))

    @cached_property
    def knot(self) -> str:
        """The authoritative server's address."""
        port = servers.free_port()
        mail = "".join(f"mail.{d.domain}. A {d.https}\n" for d in deployments())
        (self.folder / "root.zone").write_text(root_zone(deployments()) + mail)
        (self.folder / "knot.conf").write_text(
            servers.KNOT.format(folder=self.folder, port=port, broken_zones="", policy="", signing=""))
        self.spawn("knot", ["/usr/sbin/knotd", "-c", str(self.folder / "knot.conf")])
        servers.wait_until("knot", servers.answers_dns, port)
        self.place("knot", [SERVER_CORE])  # it gives each of its threads a core by itself
        return f"127.0.0.1:{port}"

    @cached_property
    def https_port(self) -> int:
        port = servers.free_port()
        authority = Authority(self.folder / "ca")
        self.issue(authority, [host for d in deployments() for host in (d.policy_host, f"mail.{d.domain}")])
        blocks = "".join(
            server_block(self.folder, d, port,
                         (authority.path(f"{d.policy_host}.pem"), authority.path("leaf.key")))
            for d in deployments())
        (self.folder / "nginx.conf").write_text(
            servers.NGINX.format(folder=self.folder, servers=blocks))
        self.spawn("nginx", ["/usr/sbin/nginx", "-p", str(self.folder), "-e",
                             str(self.folder / "nginx.log"), "-c", str(self.folder / "nginx.conf")])
        servers.wait_until("nginx", lambda _: (self.folder / "nginx-own.pid").exists(), port)
        return port

    @cached_property
    def smtp_port(self) -> int:
        """Sound mail servers at the addresses of the policy hosts."""
        assert self.https_port  # which has their certificates made
        port, folder = servers.free_port(), self.folder / "ca"
        self.spawn("quick-mail", [self.program("bench/policy_hosts"), "quick-mail", str(port),
                                  str(folder / "leaf.key"), str(folder)])
        return port

    def issue(self, authority: Authority, hosts: list[str]) -> None:
        """A certificate each, FOLDER/HOST.pem, with the intermediate's after it."""
        files = [authority.path(name) for name in ("intermediate.pem", "intermediate.key",
                                                        "leaf.key")]
        subprocess.run([self.program("bench/leaves"), *files, authority.folder], check=True,
                       input="\n".join(hosts), text=True)

    @property
    def ca_file(self) -> str:
        return str(self.folder / "ca" / "root.pem")

    def dnsdist(self, name: str, rule: str) -> str:
        """The address of a dnsdist before Knot, with a rule in its language."""
        port, knot_port = servers.free_port(), self.knot.rsplit(":", 1)[1]
        config = self.folder / f"{name}.lua"
        config.write_text(DNSDIST_START.format(port=port, knot=knot_port) + rule + "\n")
        self.spawn(name, ["dnsdist", "--supervised", "--disable-syslog", "-C", str(config)])
        servers.wait_until(name, servers.answers_dns, port)
        return f"127.0.0.1:{port}"

    def absent_list(self, count: int) -> Path:
        path = self.folder / f"absent-{count}.txt"
        if not path.exists():
            path.write_text("".join(f"absent{i}.{TLDS[i % 8]}\n" for i in range(count)))
        return path

    def deployed_list(self) -> Path:
        path = self.folder / "deployed.txt"
        path.write_text("".join(f"{d.domain}\n" for d in deployments()))
        return path

    def mixed_list(self, count: int) -> Path:
        """Seven in a thousand deployed, in turn from all that are; evenly spread."""
        path = self.folder / f"mixed-{count}.txt"
        if path.exists():
            return path
        hosts = 0
        with open(path, "w", encoding="ascii") as out:
            for i in range(count):
                if (i * ADOPTION_PER_THOUSAND) % 1000 < ADOPTION_PER_THOUSAND:
                    out.write(f"deployed{hosts % DEPLOYED}.example\n")
                    hosts += 1
                else:
                    out.write(f"absent{i}.{TLDS[i % 8]}\n")
        return path

    def policy_hosts(self) -> Path:
        """Each policy host and its address."""
        path = self.folder / "hosts.txt"
        path.write_text("".join(f"{d.policy_host} {d.https}\n" for d in deployments()))
        return path
