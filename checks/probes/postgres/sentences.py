"""What a run that ran out of time had been waiting for."""

from __future__ import annotations

from checks.dial import Phases
from checks.expectations import seconds

__all__ = ["waited"]


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
