"""PyYAML's parser in Python, for installations without libyaml."""

from __future__ import annotations

from yaml.composer import Composer
from yaml.parser import Parser as _PythonParser
from yaml.reader import Reader
from yaml.scanner import Scanner

__all__ = ["Parser"]


class Parser(Reader, Scanner, _PythonParser, Composer):
    """The same interface as ``yaml.cyaml.CParser``."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        _PythonParser.__init__(self)
        Composer.__init__(self)
