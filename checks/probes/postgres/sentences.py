"""What a run that ran out of time had been waiting for."""

from __future__ import annotations

from checks.dial import Phases
from checks.errors import TargetError
from checks.expectations import seconds

__all__ = ["overloaded", "waited"]


def waited(where: str, phases: Phases, patience: float) -> str:
    """The sentence for a run that was given up in its present phase after ``patience``."""
    time = seconds(patience)
    sentences = {
        "dns": f"{where} was not resolved within {time}: does the name server answer?",
        "connect": (
            f"connection to {where} not established within {time}: "
            "is the host up, does a firewall drop it?"
        ),
        "tls": (
            f"{where} accepts connections but did not agree on TLS within {time}: "
            "does it hang, is it PostgreSQL?"
        ),
        "greeting": (
            f"{where} accepts connections but said nothing within {time}: "
            "does it hang, is it PostgreSQL?"
        ),
        "credential": f"the password was not there within {time}: see postgres.password",
        "login": f"{where} did not let us in within {time}: it hangs, or is overloaded",
    }
    otherwise = f"{where} gave no answer within {time}: it hangs, or is overloaded"
    return sentences.get(phases.current, otherwise)


def overloaded(where: str, error: TargetError) -> str:
    """The sentence for a server that lets us in and does not get a short statement done."""
    return (
        f"{where} lets us in and does not finish a short statement ({error}): "
        "it is overloaded, or somebody holds a system table"
    )
