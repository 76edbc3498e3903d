"""Patterns that are matched without RE2 come to what RE2 says."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checks.rules.packs import FOLDER, pack_names
from checks.store.matching import Matcher, PatternError, compiled
from checks.store.plain import alternatives, is_sound

PIECES = (
    "a", "b", "ab", "A", "5", "|", ".", ".*", ".+", ".?", "[.]", r"\.", "[ab]", "[0.]", "(", ")",
    ")?", "(?i)", "*", "+", "?", " ", "-", "/", ":", "é", "{", "$", "^", "[", "]", "\\",
)  # fmt: skip
patterns = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
values = st.text("abA5.é -/\n", max_size=4)


@given(patterns, values)
@example("tmpfs|fuse[.].*", "fuse.sshfs")
@example("tmpfs|fuse[.].*", "fuse")
@example("a.+|", "")
@example("a.+", "a")
@example("a.*", "a\nb")
@example(".*", "")
def test_what_needs_no_library_matches_as_with_it(pattern: str, value: str) -> None:
    if is_sound(pattern):
        compiled(pattern)
    listed = alternatives(pattern)
    if listed is not None:
        assert is_sound(pattern)
        assert listed.fits(value) is (compiled(pattern).fullmatch(value) is not None)


def test_what_re2_refuses_is_refused_when_the_matcher_is_made() -> None:
    for pattern in ("(", "a**", "[", "(?<n>a)(", "x{1001}", "a\\"):
        with pytest.raises(PatternError, match="error parsing regexp"):
            Matcher("label", "=~", pattern)


def test_the_built_in_rules_are_read_without_the_library() -> None:
    code = f"""
import sys
from checks.rules.packs import read_pack
for name in {pack_names()!r}:
    assert read_pack(name).groups
print("re2" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False", FOLDER
