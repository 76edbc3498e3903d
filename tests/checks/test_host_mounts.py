"""Which filesystems are shown, from recorded mount tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.probes.host.cpu import CpuWindow
from checks.probes.host.filesystems import Filesystem
from checks.probes.host.history import History
from checks.probes.host.mounts import Mount, chosen, parse_mountinfo, real

SERVER = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw
25 24 0:23 / /dev/shm rw,nosuid - tmpfs tmpfs rw
26 27 0:24 / /run rw,nosuid - tmpfs tmpfs rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
31 27 7:1 / /snap/core/1 ro,nodev - squashfs /dev/loop1 ro
32 27 0:31 / /tmp rw,nosuid - tmpfs tmpfs rw
33 27 254:16 / /var/lib/mysql rw - xfs /dev/vdb rw
34 27 254:16 /backup /srv/backup rw - xfs /dev/vdb rw
35 27 0:40 / /mnt/nfs rw - nfs4 nas:/export rw,vers=4.2
36 27 0:50 / /var/lib/docker/overlay2/ab/merged rw - overlay overlay rw
37 27 0:51 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
38 27 0:60 / /mnt/with\\040space rw - fuse.sshfs me@box:/\\134x rw
39 27 0:70 /@home /home rw - btrfs /dev/vdc rw
40 27 0:70 /@ /srv/data rw - btrfs /dev/vdc rw
41 27 0:80 / /mnt/cd ro - iso9660 /dev/sr0 ro
43 27 7:5 / /mnt/image rw - ext4 /dev/loop5 rw
44 27 254:16 / /m rw - xfs /dev/vdb rw
42 27 0:81 / /mnt/tools ro - tmpfs tools ro
"""
CONTAINER = """\
900 800 0:99 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b
901 900 0:100 / /proc rw - proc proc rw
910 900 254:1 /docker/containers/x/hosts /etc/hosts rw - ext4 /dev/vda1 rw
911 900 254:1 /docker/containers/x/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda1 rw
912 900 254:1 /docker/volumes/db/_data /var/lib/mysql rw - ext4 /dev/vda1 rw
913 900 0:101 / /dev/shm rw - tmpfs shm rw
"""


def points(text: str) -> list[str]:
    return [mount.point for mount in real(parse_mountinfo(text))]


def test_a_server_shows_each_real_filesystem_once() -> None:
    assert points(SERVER) == [
        "/",
        "/home",
        "/mnt/image",
        "/mnt/nfs",
        "/mnt/with space",
        "/tmp",
        "/var/lib/mysql",
    ]


def test_a_container_shows_its_root_and_its_volumes() -> None:
    assert points(CONTAINER) == ["/", "/var/lib/mysql"]


def test_labels_are_node_exporters() -> None:
    mounts = {mount.point: mount for mount in parse_mountinfo(SERVER)}
    assert mounts["/mnt/with space"].labels == {
        "device": "me@box:/\\x",
        "fstype": "fuse.sshfs",
        "mountpoint": "/mnt/with space",
    }


def test_the_last_mount_on_a_place_is_the_visible_one() -> None:
    text = (
        "30 27 8:1 / /mnt rw - ext4 /dev/sda1 rw\n"
        "31 30 8:2 / /mnt rw - xfs /dev/sdb1 rw\n"
    )  # fmt: skip
    assert [mount.device for mount in parse_mountinfo(text)] == ["/dev/sdb1"]


@pytest.mark.parametrize(
    "options", ["ro,errors=remount-ro", "rw,errors=remount-ro,emergency_ro", "rw,shutdown"]
)
def test_read_only_by_wish_and_by_error(options: str) -> None:
    text = (
        "30 27 8:1 / /wished ro - ext4 /dev/sda1 ro\n"
        f"31 27 8:2 / /broken rw,relatime - ext4 /dev/sda2 {options}\n"
    )
    wished, broken = parse_mountinfo(text)
    assert (wished.readonly, wished.frozen) == (True, True)
    assert (broken.readonly, broken.frozen) == (False, True)


def test_lines_of_another_shape_are_left_out() -> None:
    assert parse_mountinfo("\nfoo\n1 2 3 - a\n1 2 3 4 5 6 no separator\n") == []


def test_configured_paths_stand_for_the_filesystem_that_holds_them() -> None:
    mounts = parse_mountinfo(SERVER)
    found = chosen(mounts, ["/", "/var/lib/mysql/shop", "/var/log", "/"])
    assert [(path, mount.point) for path, mount in found] == [
        ("/", "/"),
        ("/var/lib/mysql/shop", "/var/lib/mysql"),
        ("/var/log", "/"),
    ]


def test_a_prefix_of_a_name_is_no_parent() -> None:
    mounts = parse_mountinfo(SERVER)
    assert chosen(mounts, ["/database"])[0][1].point == "/"


def test_within_a_chroot_whose_root_is_no_mount_the_root_is_watched_all_the_same() -> None:
    text = "25 30 0:23 / /proc rw,relatime shared:14 - proc proc rw\n"
    assert points(text) == ["/"]


def test_what_is_mounted_where_another_one_was_has_not_become_read_only() -> None:
    history = History(CpuWindow(60.0))
    root, stick = (Filesystem(Mount(p, "/dev/a", "ext4", p), p) for p in ("/", "/mnt"))
    disc = Filesystem(Mount("/mnt", "/dev/b", "udf", "/dev/b"), "/mnt", readonly=True)
    assert history._losses([root, stick]) == []
    assert history._losses([root]) == []
    assert history._losses([root, disc]) == []
    assert history._losses([replace(root, readonly=True)]) == ["disk / has become read-only"]
