#!/usr/bin/env python3
"""Backups in an S3 bucket, asked with the aws command: how old the newest and the oldest are.

    s3_backups.py s3://bucket/prefix/ [--newest HOURS] [--oldest DAYS] [--versioned]

A Monitoring Plugin: a sentence, performance data, and exit code 0, 1, 2 or 3.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

OK, WARNING, CRITICAL, UNKNOWN = range(4)


def ask(*words: str) -> dict[str, Any]:
    """What aws says, from its JSON; empty where it says nothing.

    Raises RuntimeError with its reason where it fails, or is not there.
    """
    aws = shutil.which("aws")
    if aws is None:
        raise RuntimeError("there is no aws command on this machine: install the AWS CLI")
    done = subprocess.run(
        [aws, *words, "--output", "json"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or "aws failed").splitlines()[-1])
    answer: dict[str, Any] = json.loads(done.stdout.strip() or "{}")
    return answer


def judge(arguments: argparse.Namespace) -> tuple[int, str, str]:
    """Exit code, sentence and performance data."""
    bucket, _, prefix = arguments.place.removeprefix("s3://").partition("/")
    found = ask("s3api", "list-objects-v2", "--bucket", bucket, "--prefix", prefix).get(
        "Contents", []
    )
    if not found:
        return CRITICAL, f"there is no backup in {arguments.place}", ""
    now = datetime.now(UTC)
    ages = [
        (now - datetime.fromisoformat(one["LastModified"].replace("Z", "+00:00"))).total_seconds()
        for one in found
    ]
    newest, oldest = min(ages), max(ages)
    said = f"{len(ages)} backups in {arguments.place}, the newest {newest / 3600:.1f} h old"
    bound = arguments.newest * 3600
    data = f"newest={newest:.0f}s;;{bound:.0f} oldest={oldest:.0f}s count={len(ages)}"
    if newest > bound:
        return CRITICAL, f"{said}: none for more than {arguments.newest:g} h", data
    if arguments.oldest and oldest > (arguments.oldest + 1) * 86400:
        return WARNING, f"{said}: some are kept for longer than {arguments.oldest:g} days", data
    if arguments.versioned:
        versioning = ask("s3api", "get-bucket-versioning", "--bucket", bucket).get(
            "Status", "not set"
        )
        if versioning != "Enabled":
            return CRITICAL, f"versioning of {bucket} is {versioning}, expected Enabled", data
        said += ", versioning is enabled"
    return OK, said, data


def main() -> int:
    """Says how it is, and returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("place")
    parser.add_argument("--newest", type=float, default=26.0, metavar="HOURS")
    parser.add_argument("--oldest", type=float, default=0.0, metavar="DAYS")
    parser.add_argument("--versioned", action="store_true")
    try:
        code, said, data = judge(parser.parse_args())
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        code, said, data = UNKNOWN, f"S3 cannot be asked: {error}", ""
    print(f"{said} | {data}" if data else said)
    return code


if __name__ == "__main__":
    sys.exit(main())
