"""Patterns that come with onwatch, by name: what is looked for in logs everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["READY", "Ready"]


@dataclass(frozen=True, slots=True)
class Ready:
    """A regular expression, what it finds, and the bounds that it has unless others are given.

    ``mask`` as :attr:`checks.logs.patterns_config.Pattern.mask`.
    """

    about: str
    match: str
    warning: str | None = None
    critical: str | None = None
    mask: bool | str = False


READY: Final = {
    "failed-logins": Ready(
        "logins and passwords that were refused",
        r"(?i)\b(?:(?:failed|unsuccessful) (?:login|password|publickey|authentication)|"
        r"failed_login|login[_ ]failed|auth(?:entication)?[_ ](?:failed|failure|error)|"
        r"(?:log-?in|password) (?:attempt )?(?:failed|failure|incorrect|mismatch)|"
        r"invalid (?:credentials|login|password|user)|credentials do not match|WRONGPASS|"
        r"(?:bad|incorrect|wrong) (?:credentials|password)|access denied for user|"
        r"password authentication failed)",
        warning="5/10m",
    ),
    "rate-limit": Ready(
        "requests beyond a rate limit",
        r"(?i)\brate[- _]?limit(?:ed|er|ing|_exceeded| exceeded| hit| reached| error)?\b|"
        r"\btoo many requests\b|\blimiting requests\b|\bthrottl(?:ed|ing)\b|"
        r'" 429 |\bstatus(?:_code)?["\']?[=: ]+429\b',
    ),
    "sql-injection": Ready(
        "attempts to inject SQL, plain or URL-encoded",
        # What stands behind or around it tells an attempt from a statement, or from prose.
        r"(?i)\bunion(?:\+|%20|/\*.*?\*/)+(?:all(?:\+|%20|/\*.*?\*/)+)?select\b|"
        r"\bunion\s+(?:all\s+)?select\s+(?:null|\d|@@|0x|char\(|concat|group_concat|version\(|user\()|"
        r"(?:'|%27|\")(?:\s|\+|%20)*(?:or|and)(?:\s|\+|%20)+(?:'|%27|\")?\w*(?:'|%27|\")?"
        r"(?:\s|\+|%20)*(?:=|%3d|\blike\b)|"
        r"\bor(?:\s|\+|%20)+1(?:\s|\+|%20)*(?:=|%3d)(?:\s|\+|%20)*1\b|"
        r"(?:;|%3b)(?:\s|\+|%20)*(?:drop|truncate|alter)(?:\s|\+|%20)+(?:table|database)\b|"
        r"(?:\b(?:select|and|or|if|when)\b|[;'=,(]|%27|%3b)(?:\s|\+|%20)*"
        r"(?:sleep|benchmark|pg_sleep)(?:\(|%28)\d|"
        r"\bwaitfor(?:\s|\+|%20)+delay\b|\bxp_cmdshell\b|\bload_file\s*\(|"
        r"\bfrom(?:\+|%20|/\*.*?\*/)+information_schema\b|"
        r"\binto(?:\s|\+|%20)+(?:out|dump)file\b",
        warning="0/10m",
    ),
    "path-traversal": Ready(
        "attempts to read files beyond a web root",
        r"(?i)(?:\.\.|%2e%2e|%252e%252e)(?:/|\\|%2f|%5c|%252f)|/etc/(?:passwd|shadow)\b|"
        r"\bwp-config\.php\b|/\.(?:env|git|aws)\b",
        warning="20/10m",
    ),
    "script-injection": Ready(
        "attempts to inject scripts into pages",
        r"(?i)(?:<|%3c)\s*script\b|\bjavascript:|\bon(?:error|load|mouseover)\s*(?:=|%3d)",
        warning="0/10m",
    ),
    "api-keys": Ready(
        "keys and tokens that services hand out, by how they look; masked",
        # Not `\b` before them: `key_sk-…` holds one, and `task-…` none.
        r"(?:^|[^A-Za-z])(?P<key>(?:sk|pk|rk)[-_](?:live_|test_|proj-|ant-|or-)?[A-Za-z0-9_-]{16,}|"
        r"(?:AKIA|ASIA)[A-Z0-9]{16}\b|AIza[A-Za-z0-9_-]{35}|gh[pousr]_[A-Za-z0-9]{30,}|"
        r"github_pat_[A-Za-z0-9_]{40,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|"
        r"hf_[A-Za-z0-9]{30,}|pplx-[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{30,}|"
        r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})",
        warning="0/1h",
        mask="key",
    ),
    "passwords": Ready(
        "passwords in clear, by the name before them; masked",
        r"(?i)\b(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?token)"
        r"(?:[\"']?\s*=>?\s*[\"']?|[\"']\s*:\s*[\"'])(?P<secret>[^\s\"'&,;•]{4,})",
        warning="0/1h",
        mask="secret",
    ),
    "out-of-memory": Ready(
        "processes that the kernel killed, or that ran out of memory",
        r"(?i)\bout of memory\b|\boom[-_ ]?kill|\bCannot allocate memory\b|\bOutOfMemoryError\b|"
        r"\bAllowed memory size of \d+ bytes exhausted\b|\bMemoryError\b|"
        r"\bJavaScript heap out of memory\b|\bkilled process \d+",
        critical="0/10m",
    ),
    "disk-full": Ready(
        "writes that found no space",
        r"(?i)\bno space left on device\b|\bdisk (?:is )?full\b|\bENOSPC\b|\bquota exceeded\b|"
        r"\bdatabase or disk is full\b",
        critical="0/10m",
    ),
    "crashes": Ready(
        "programs that died: faults, panics, fatal errors",
        r"\bsegfault\b|(?i:\bsegmentation fault\b|\bcore dumped\b|\bkernel panic\b|"
        r"\bPHP Fatal error\b|\bfatal error\b|\buncaught exception\b|\bUnhandledPromiseRejection)|"
        r"\bpanic: |\bpanicked at\b|\bexited on signal (?:4|6|7|8|11)\b",
        warning="0/10m",
    ),
    "exceptions": Ready(
        "stack traces of exceptions",
        r"\bTraceback \(most recent call last\)|\bStack trace:|\[stacktrace\]|"
        r"^\s+at [\w.$<>]+\([^)]*\)|\bException in thread\b|\bCaused by: ",
    ),
    "refused-connections": Ready(
        "connections that others refused, broke off or did not answer",
        r"(?i)\bconnection (?:was )?(?:refused|reset|aborted)\b|\bECONN(?:REFUSED|RESET)\b|"
        r"\bETIMEDOUT\b|\bno route to host\b|\bno live upstreams\b|\bconnect\(\) failed\b|"
        r"\b(?:server has gone away|lost connection to)\b|\bconnection timed out\b",
    ),
    "timeouts": Ready(
        "what took too long for somebody",
        r"(?i)\btim(?:ed|e) ?out\b|\btimeouterror\b|\bdeadline exceeded\b|"
        r"\bmaximum execution time\b|\bstatement timeout\b|\block wait timeout\b",
    ),
    "deadlocks": Ready(
        "transactions that a database rolled back since they locked each other out",
        r"(?i)\bdeadlock (?:found|detected)\b|\b40P01\b|\bdatabase (?:table )?is locked\b",
    ),
    "too-many-connections": Ready(
        "connections that a server had no room for",
        r"(?i)\btoo many (?:clients|connections|open files)\b|"
        r"\bworker_connections are not enough\b|"
        r"\bremaining connection slots are reserved\b|\bmax(?:imum)? number of clients reached\b|"
        r"\bserver reached pm\.max_children\b|\bEMFILE\b",
        warning="0/10m",
    ),
    "slow-queries": Ready(
        "queries that a database or application calls slow",
        r"(?i)\bslow (?:query|sql|request|api request)\b|\bQuery_time: |"
        r"^.{0,80}\bduration: \d{4,}\.\d+ ms\b",
    ),
    "denied": Ready(
        "what a right was missing for",
        r"(?i)\bpermission denied\b|\baccess denied\b|\bEACCES\b|\boperation not permitted\b|"
        r"\bnot authorized\b|\b403 Forbidden\b",
    ),
    "tls-errors": Ready(
        "encrypted connections that failed, and certificates that were not good",
        r"(?i)\bcertificate (?:verify failed|has expired|is not yet valid|expired)\b|"
        r"\b(?:ssl|tls)[ _](?:handshake|alert|error)\b|\bhandshake fail(?:ed|ure)\b|\bx509: ",
    ),
}
"""By name. Bounds are what guides ask for, or any at all where one is one too many."""
