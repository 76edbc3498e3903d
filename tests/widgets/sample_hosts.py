"""A machine on a bad night, whole: a disk that fills, a mount that hangs, a table scan."""

from __future__ import annotations

from dataclasses import replace

from checks.hosts.changes import Change
from checks.hosts.model import (
    ArrayView,
    CoreView,
    DiskView,
    Growth,
    Happening,
    HostDetail,
    HostFacts,
    InterfaceView,
    MemoryView,
    MountFact,
    MountView,
    Outlook,
    PressureView,
    ProcessDetail,
    ProcessRow,
    SocketsView,
    TemperatureView,
)
from tests.widgets.curves import NOW, ramp, wave

__all__ = ["HUNG", "host_detail", "process", "process_rows"]

HUNG = "no answer from /mnt/nas since 412 s: is its server reachable? if not: umount -l /mnt/nas"


def process(pid: int, name: str, **changes: object) -> ProcessRow:
    """A process that sleeps, unless told otherwise."""
    made = ProcessRow(
        key=f"{pid}.{pid * 10}",
        pid=pid,
        parent=1,
        name=name,
        user="root",
        state="S",
        cpu=0.0,
        memory=12e6,
        read=0.0,
        written=0.0,
        descriptors=12,
        threads=1,
        started=NOW - 3.2 * 86400,
        time=41.0,
        command=f"/usr/sbin/{name}",
    )
    return made._replace(**changes)  # type: ignore[arg-type]


def process_rows() -> tuple[ProcessRow, ...]:
    """What runs on a small web server."""
    workers = tuple(
        process(
            2291 + place,
            "php-fpm",
            parent=2290,
            user="www-data",
            cpu=0.31 - 0.05 * place,
            memory=212e6 - 9e6 * place,
            state="R" if place < 2 else "S",
            started=NOW - 3600.0 * (place + 1),
            command="php-fpm: pool www",
        )
        for place in range(5)
    )
    return (
        process(1, "systemd", parent=0, memory=12.4e6, command="/sbin/init", descriptors=84),
        process(2, "kthreadd", parent=0, memory=0.0, kernel=True, command="[kthreadd]"),
        process(
            412,
            "mysqld",
            user="mysql",
            cpu=1.482,
            memory=4.61e9,
            read=92.4e6,
            written=6.1e6,
            threads=58,
            descriptors=911,
            state="D",
            time=81_204.0,
            command="/usr/sbin/mysqld --defaults-file=/etc/mysql/my.cnf",
        ),
        process(2290, "php-fpm", command="php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)"),
        *workers,
        process(
            873,
            "redis-server",
            user="redis",
            cpu=0.041,
            memory=58e6,
            threads=5,
            written=21e3,
            command="redis-server 127.0.0.1:6379",
        ),
        process(640, "sshd", memory=9.1e6, command="sshd: /usr/sbin/sshd -D [listener]"),
        process(
            9_120,
            "bash",
            parent=640,
            user="deploy",
            memory=5.2e6,
            started=NOW - 1_240,
            command="-bash",
        ),
        process(
            9_311,
            "mysqldump",
            parent=9_120,
            user="deploy",
            cpu=0.22,
            memory=31e6,
            read=1.1e6,
            written=38e6,
            state="D",
            started=NOW - 412,
            command="mysqldump --single-transaction --password=••• shop orders",
        ),
        process(
            8_800,
            "rsync",
            user="backup",
            memory=18e6,
            state="D",
            started=NOW - 4_020,
            command="rsync -a /var/lib/ /mnt/nas/backup/",
        ),
        process(7_003, "cron", command="/usr/sbin/cron -f -P"),
        process(7_950, "convert", state="Z", parent=2_292, memory=0.0, user="www-data"),
    )


def _facts() -> HostFacts:
    mounts = (
        MountFact("/", "/dev/vda1", "ext4", outlook=Outlook("steady", None, 0.0, 3600.0, 1800.0)),
        MountFact(
            "/var/lib/mysql",
            "/dev/vdb",
            "xfs",
            outlook=Outlook("filling", 11_420.0, 2.4e6, 3600.0, 1800.0),
        ),
        MountFact("/mnt/backup", "/dev/vdc", "ext4", outlook=Outlook("unknown", known=610.0)),
        MountFact("/mnt/nas", "nas:/export", "nfs4", error=HUNG, hung=True, remote=True),
    )
    rows = process_rows()
    return HostFacts(
        mounts=mounts,
        processes=rows,
        scanned=NOW - 1.0,
        every=5.0,
        count=len(rows),
        growth=(
            Growth("mysqld", 3.41e9, 4.61e9, 600.0),
            Growth("php-fpm", 0.78e9, 1.0e9, 600.0),
            Growth("mysqldump", 0.0, 31e6, 600.0),
        ),
        happenings=(
            Happening(NOW - 1_900, "memcached has ended: no process of that name is left"),
            Happening(NOW - 230, "php-fpm was started anew: it is process 2290 now"),
        ),
        inspected=ProcessDetail(
            "412.4120",
            (
                ("command", "/usr/sbin/mysqld --defaults-file=/etc/mysql/my.cnf"),
                ("program", "/usr/sbin/mysqld"),
                ("descriptors", "911: 840 sockets, 61 files, 10 others"),
                ("limit of open files", "1024 (may be raised to 4096)"),
                ("unit", "mysql.service: systemctl status mysql.service"),
            ),
        ),
    )


def _core(name: str, **modes: float) -> CoreView:
    return CoreView(name, {**modes, "idle": max(0.0, 1.0 - sum(modes.values()))})


def _pressure() -> tuple[PressureView, ...]:
    return (
        PressureView("cpu", 0.41, None, 0.38, wave(120, 0.2, 0.5)),
        PressureView("memory", 0.02, 0.01, 0.01, wave(120, 0.0, 0.03)),
        PressureView("io", 0.63, 0.48, 0.55, ramp(120, 0.04, 0.66)),
    )


def _mounts(facts: HostFacts) -> tuple[MountView, ...]:
    root, data, backup, nas = facts.mounts
    return (
        MountView(root, 42e9, 0.41, 24.8e9, 0.12, 2.2e6, history=wave(120, 0.40, 0.41)),
        MountView(data, 120e9, 0.93, 8.1e9, 0.04, 50e6, history=ramp(120, 0.86, 0.93)),
        MountView(backup, 900e9, 0.55, 400e9, None, None, readonly=True),
        MountView(nas),
    )


def host_detail(check: str = "web-1", **changes: object) -> HostDetail:
    """A machine whose disk fills and whose mount hangs."""
    facts = _facts()
    eth0 = InterfaceView(
        "eth0", True, 125e6, 2.1e6, 340e3, 0.0, 3.0, wave(120, 1e6, 2.5e6), wave(120, 2e5, 4e5)
    )
    loopback = InterfaceView("lo", None, None, 41e3, 41e3, 0.0, 0.0, (), ())
    made = HostDetail(
        check=check,
        facts=facts,
        cores=(
            _core("0", user=0.61, system=0.2, iowait=0.11, softirq=0.03),
            _core("1", user=0.38, system=0.12, iowait=0.29, steal=0.04),
        ),
        modes={"user": 0.5, "system": 0.16, "iowait": 0.2, "steal": 0.02, "softirq": 0.015,
               "idle": 0.105},
        switches=14_204.0,
        interrupts=8_120.0,
        forks=3.4,
        running=4,
        blocked=3,
        load_history=wave(120, 1.9, 3.4, 60),
        memory=MemoryView(
            total=8.2e9,
            used=5.6e9,
            cached=1.7e9,
            buffers=0.2e9,
            free=0.7e9,
            available=3.1e9,
            dirty=212e6,
            swap_total=2e9,
            swap_used=0.62e9,
            swapped_in=0.0,
            swapped_out=2.4e6,
            faults=31.0,
            swapped_in_history=wave(120, 0.0, 1e5),
            swapped_out_history=ramp(120, 1e5, 2.4e6),
        ),
        pressure=_pressure(),
        mounts=_mounts(facts),
        disks=(
            DiskView("vdb", 92.4e6, 44.1e6, 1_820, 610, 0.98, 0.083, 41.0, ramp(120, 0.1, 0.98)),
            DiskView("vda", 0.0, 21e3, 0.0, 3.0, 0.01, 0.001, 0.0, wave(120, 0.0, 0.02)),
        ),
        interfaces=(eth0, loopback),
        sockets=SocketsView(211, 1_204, 3, 8, 41.0, 27.0, 2.0, 4.0),
        temperatures=(
            TemperatureView("coretemp temp1", 71.0, 90.0),
            TemperatureView("nvme temp1", 48.0, None),
        ),
        arrays=(ArrayView("md0", 2, 2, 0),),
        descriptors=(4_800, 9_223_372.0),
        changes=(
            Change("disk vdb: 12 → 98 % busy", 4.3, True, NOW - 412, "disks"),
            Change("pressure of io 4 → 63 %", 3.9, True, NOW - 405, "pressure"),
            Change("memory of mysqld +1.2 GB in 10 min, now 4.6 GB", 7.3, True, None, "processes"),
            Change("disk /var/lib/mysql 88 → 93 % full", 2.5, True, NOW - 390, "filesystems"),
            Change("eth0 out: 2.4 MB/s → 340 kB/s", 1.2, False, NOW - 200, "network"),
        ),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]
