"""The functions that every Go template has, but for comparisons and ``and``, ``or``, ``not``."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote_plus

from checks.templates.errors import CallError
from checks.templates.formatting import go_print
from checks.templates.values import Arguments, Octet, Sample, Samples, type_name

__all__ = ["call", "escape_html", "escape_js", "escape_query", "index", "length", "slice_of"]

_HTML: Final = str.maketrans(
    {"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_JS: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def index(item: object, *keys: object) -> object:
    """``index x 1 "a"`` is ``x[1]["a"]``; a missing key of a map is its type's zero."""
    if item is None:
        raise CallError("index of untyped nil")
    for key in keys:
        if item is None:
            raise CallError("index of nil pointer")
        item = _entry(item, key)
    return item


def _entry(item: object, key: object) -> object:
    if isinstance(item, dict):
        if key is None:
            raise CallError("value is nil; should be of type string")
        if type(key) is not str:
            raise CallError(f"value has type {type_name(key)}; should be string")
        return item.get(key, None if isinstance(item, Arguments) else "")
    if isinstance(item, Samples):
        return item[_position(key, len(item), inclusive=False)]
    if isinstance(item, str):
        octets = item.encode("utf-8", "replace")
        return Octet(octets[_position(key, len(octets), inclusive=False)])
    raise CallError(f"can't index item of type {_pointed_at(item)}")


def _position(key: object, size: int, inclusive: bool) -> int:
    if key is None:
        raise CallError("cannot index slice/array with nil")
    if not isinstance(key, int) or isinstance(key, bool):
        raise CallError(f"cannot index slice/array with type {type_name(key)}")
    if key < 0 or key > size or (key == size and not inclusive):
        raise CallError(f"index out of range: {key}")
    return key


def _pointed_at(item: object) -> str:
    return type_name(item).removeprefix("*")


def slice_of(item: object, *bounds: object) -> object:
    """``slice x 1 2`` is ``x[1:2]``; strings are cut between octets."""
    if item is None:
        raise CallError("slice of untyped nil")
    if len(bounds) > 3:
        raise CallError(f"too many slice indexes: {len(bounds)}")
    if isinstance(item, str) and len(bounds) == 3:
        raise CallError("cannot 3-index slice a string")
    if not isinstance(item, (str, Samples)):
        raise CallError(f"can't slice item of type {type_name(item)}")
    content = item.encode("utf-8", "replace") if isinstance(item, str) else item
    numbers = [_position(bound, len(content), inclusive=True) for bound in bounds]
    low, high = ([*numbers, *(0, len(content))[len(numbers) :]])[:2]
    if low > high:
        raise CallError(f"invalid slice index: {low} > {high}")
    part = content[low:high]
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else Samples(part)


def length(item: object) -> int:
    """Entries of a map, samples of a result, octets of a string."""
    if item is None:
        raise CallError("len of nil pointer")
    if isinstance(item, str):
        return len(item) if item.isascii() else len(item.encode("utf-8", "replace"))
    if isinstance(item, (dict, list)):
        return len(item)
    raise CallError(f"len of type {_pointed_at(item)}")


def call(function: object, *_arguments: object) -> object:
    """Nothing that an alert's template is given is a function."""
    if function is None:
        raise CallError("call of nil")
    raise CallError(f"non-function of type {type_name(function)}")


def escape_html(*values: object) -> str:
    return _text(values).translate(_HTML)


def escape_query(*values: object) -> str:
    return quote_plus(_text(values), safe="~", errors="replace")


def escape_js(*values: object) -> str:
    return "".join(_js(char) for char in _text(values))


def _js(char: str) -> str:
    if char in _JS:
        return _JS[char]
    return char if char.isprintable() else f"\\u{ord(char):04X}"


def _text(values: tuple[object, ...]) -> str:
    """As ``print``, but each as an action writes it."""
    text, spaced = "", False
    for value in values:
        word = isinstance(value, str) or value is None
        text += " " * (spaced and not word) + printed(value)
        spaced = not word
    return text


def printed(value: object) -> str:
    """``value`` as an action writes it: nil as ``<no value>``, a sample without its ``&``."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<no value>"
    text = go_print((value,))
    return text[1:] if isinstance(value, Sample) else text
