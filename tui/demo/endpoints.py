"""Where the demo's servers are, and the configuration that watches them."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from string import Template
from typing import Final

from tui.demo import applog, passwords
from tui.demo.children import DemoError
from tui.demo.gateway import server as gateway
from tui.demo.kit import lay_out
from tui.demo.shop import server as shop

__all__ = ["Endpoints", "free_ports"]

_TEMPLATE: Final = Path(__file__).with_name("onwatch.yaml")
# Below the range that kernels take outgoing connections' ports from, so that the port of
# a service that is down for a while is still free when it comes back.
_PORTS: Final = range(20_000, 30_000)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Ports on 127.0.0.1, and the folder that everything of this demo lives in.

    The port of a database server that there is none of is 0; ``missing`` says of what there
    is none, and why.
    """

    folder: str
    http_port: int
    redis_port: int
    postgres_port: int = 0
    mariadb_port: int = 0
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def redis(self) -> str:
        return f"redis://127.0.0.1:{self.redis_port}/0"

    @property
    def postgres(self) -> str:
        return f"postgresql://{shop.MONITOR}@127.0.0.1:{self.postgres_port}/{shop.DATABASE}"

    @property
    def mariadb(self) -> str:
        return f"mysql://{gateway.MONITOR}@127.0.0.1:{self.mariadb_port}/{gateway.DATABASE}"

    @property
    def password(self) -> Path:
        """The file with the password of onwatch's role on both database servers."""
        return Path(self.folder) / passwords.place(shop.MONITOR)

    @property
    def database(self) -> Path:
        return Path(self.folder) / "requests.db"

    @property
    def config(self) -> Path:
        return Path(self.folder) / "onwatch.yaml"

    @property
    def control(self) -> Path:
        return Path(self.folder) / "control"

    def write_config(self) -> None:
        """Write the configuration for the monitor, with the runbooks that it names."""
        lay_out(Path(self.folder))
        text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
            http=self.http,
            http_port=self.http_port,
            redis_port=self.redis_port,
            # A JSON string is a YAML string; a dollar sign would begin a variable there.
            database=json.dumps(str(self.database).replace("$", "$$")),
            parts="api, cache, shop" if self.postgres_port else "api, cache",
            databases=self._of_databases("check.yaml"),
            talking=", ".join(("api", "api-parts", "cache", *self._databases)),
            logs=", ".join(self._logs),
            panels=self._of_databases("panels.yaml"),
        )
        self.config.write_text(text, encoding="utf-8")

    @property
    def _databases(self) -> tuple[str, ...]:
        """The database servers that there are, by the names of their checks."""
        ports = {"shop": self.postgres_port, "gateway": self.mariadb_port}
        return tuple(name for name, port in ports.items() if port)

    @property
    def _logs(self) -> tuple[str, ...]:
        """What the programs write, and PostgreSQL's own."""
        return (f"{applog.FOLDER}/*.log", *(("postgres.log",) if self.postgres_port else ()))

    def _of_databases(self, file: str) -> str:
        """Parts of the configuration on the database servers that there are."""
        here = Path(__file__).parent
        parts = [here / name / file for name in self._databases]
        text = "".join(part.read_text(encoding="utf-8") for part in parts if part.exists())
        return Template(text).substitute(
            postgres=self.postgres,
            mariadb=self.mariadb,
            password=passwords.place(shop.MONITOR),
            backups=shop.BACKUPS,
        )

    def to_line(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> Endpoints:
        """What :meth:`to_line` wrote, or DemoError with the ``error`` that stands there."""
        try:
            values = json.loads(line)
            if "error" in values:
                raise DemoError(str(values["error"]))
            return cls(**values)
        except (ValueError, TypeError):
            raise DemoError("the demo's supervisor ended without a word") from None


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of 127.0.0.1 that nobody listens on."""
    found: list[int] = []
    for port in random.sample(_PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return tuple(found)
    raise DemoError("no free port between 20000 and 30000 on 127.0.0.1")
