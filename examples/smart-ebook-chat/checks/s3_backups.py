#!/usr/bin/env python3
"""Backups in an S3 bucket, asked with the aws command: the newest one's age, the oldest one's, versioning.

    s3_backups.py s3://bucket/prefix/ [--newest HOURS] [--oldest DAYS] [--versioned]

A Monitoring Plugin: a sentence, performance data, and exit code 0, 1, 2 or 3.
"""

import argparse
import json
import subprocess
import sys
from datetime import datetime, timezone

OK, WARNING, CRITICAL, UNKNOWN = range(4)


def ask(*words):
    """What aws says, from its JSON; empty where it says nothing."""
    done = subprocess.run(
        ["aws", *words, "--output", "json"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or "aws failed").splitlines()[-1])
    return json.loads(done.stdout.strip() or "{}")


def judge(arguments):
    """Exit code, sentence and performance data."""
    bucket, _, prefix = arguments.place.removeprefix("s3://").partition("/")
    found = ask("s3api", "list-objects-v2", "--bucket", bucket, "--prefix", prefix).get(
        "Contents", []
    )
    if not found:
        return CRITICAL, f"there is no backup in {arguments.place}", ""
    now = datetime.now(timezone.utc)
    ages = [
        (now - datetime.fromisoformat(one["LastModified"].replace("Z", "+00:00"))).total_seconds()
        for one in found
    ]
    newest, oldest = min(ages), max(ages)
    said = f"{len(ages)} backups in {arguments.place}, the newest {newest / 3600:.1f} h old"
    data = f"newest={newest:.0f}s;;{arguments.newest * 3600:.0f} oldest={oldest:.0f}s count={len(ages)}"
    if newest > arguments.newest * 3600:
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
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
