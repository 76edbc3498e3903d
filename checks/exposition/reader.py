"""Metrics pages, read again and again: what was made of a series' text is remembered.

From scrape to scrape the text of a series stays the same and its value alone changes, so a line
costs a look-up in a dictionary and a number. What is not found there, not written plainly or
carries more than a value is read by the grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, Generic, TypeVar

from checks.exposition.grammar import BadLineError, describe, labels_of, read_sample
from checks.exposition.model import ExpositionError, Family, Labels, Page, TooManySeriesError

__all__ = ["LEFT_OUT", "LeftOut", "Reader", "Reading", "parse"]

SLICE: Final = 32_768
"""Characters that are read in one go; when all series are new that takes some milliseconds."""

_PLAIN: Final = b"0123456789+-.eEinfatyINFATY"
"""What numbers consist of; Python reads more as one than Prometheus does (``1_000``)."""
_SLACK: Final = 100
_EOF: Final = "# EOF"
_TELLING: Final = ("# ", "#\t")
"""What comments that say something begin with."""

T = TypeVar("T")


class LeftOut:
    """Marks a series that the maker does not want; there may be several such marks."""


LEFT_OUT: Final = LeftOut()


class Reader(Generic[T]):
    """Reads the pages of one target.

    ``make`` makes of a metric's name and labels what the page shall hold, or ``LEFT_OUT``.
    It is asked once a series, and again once the series was away. ``max_series`` is how many
    samples a page may have.
    """

    def __init__(
        self, make: Callable[[str, Labels], T | LeftOut], max_series: int = 1_000_000
    ) -> None:
        self.make = make
        self.max_series = max_series
        self.known: dict[str, T | LeftOut] = {}
        self._told: tuple[list[str], dict[str, Family]] = ([], {})

    @property
    def most_comments(self) -> int:
        """Lines about metrics that a page may have."""
        return 1_000 + 3 * self.max_series

    def open(self, page: bytes, *, openmetrics: bool = False) -> Reading[T]:
        """Begin to read ``page``. Raises ExpositionError where it is not UTF-8."""
        try:
            text = page.decode()
        except UnicodeDecodeError as error:
            line = page.count(b"\n", 0, error.start) + 1
            raise ExpositionError(line, "it is not UTF-8 text") from None
        return Reading(self, text, openmetrics)

    def read(self, page: bytes, *, openmetrics: bool = False) -> Page[T]:
        """The whole of ``page`` at once. Raises ExpositionError."""
        reading = self.open(page, openmetrics=openmetrics)
        while not reading.step():
            pass
        return reading.page

    def families(self, comments: list[str], numbers: Sequence[int]) -> dict[str, Family]:
        """What ``comments`` say; the same object as before while they say the same.

        ``numbers`` are the lines that they stand on.
        """
        if comments != self._told[0]:
            found: dict[str, Family] = {}
            for comment, number in zip(comments, numbers, strict=True):
                try:
                    describe(comment.strip(" \t"), lambda name: found.setdefault(name, Family()))
                except BadLineError as error:
                    raise ExpositionError(number, str(error)) from None
            self._told = (comments, found)
        return self._told[1]

    def forget_marked(self, mark: LeftOut, present: Collection[T]) -> None:
        """Ask anew for each series that got ``mark``, and let go of all that are not present."""
        kept = set(present)
        self.known = {
            text: item
            for text, item in self.known.items()
            if item is not mark and (isinstance(item, LeftOut) or item in kept)
        }

    def forget(self, text: str, others: Sequence[str], count: int) -> None:
        """Let go of series that the page ``text`` does not have, once they are many.

        ``others`` are texts of series that do not simply end at the last blank of a line;
        ``count`` is how many samples the page has.
        """
        if len(self.known) <= count + count // 4 + _SLACK:
            return
        known = self.known
        kept: dict[str, T | LeftOut] = {}
        at = 0
        while at <= len(text):
            lines, at = _piece(text, at)
            heads = (line.rpartition(" ")[0] for line in lines)
            kept.update((head, known[head]) for head in heads if head in known)
        kept.update((other, known[other]) for other in others if other in known)
        self.known = kept


def _piece(text: str, at: int) -> tuple[list[str], int]:
    """Some lines of ``text`` from ``at`` on, and where the next ones begin."""
    end = text.find("\n", at + SLICE)
    end = len(text) if end < 0 else end
    return text[at:end].split("\n"), end + 1


class _Taken(Generic[T]):
    """What was taken of some lines: a text for the value of each of ``items``."""

    __slots__ = (
        "comments",
        "exemplars",
        "ignored",
        "items",
        "numbers",
        "others",
        "texts",
        "times",
    )

    def __init__(self) -> None:
        self.items: list[T] = []
        self.texts: list[str] = []
        self.times: dict[int, float] = {}
        self.ignored: list[str] = []
        self.comments: list[str] = []
        self.numbers: list[int] = []
        self.others: list[str] = []
        self.exemplars = 0

    def values(self) -> list[float] | None:
        """The values as numbers; None where one of them must be looked at closely."""
        for texts in (self.texts, self.ignored):
            if "".join(texts).encode("ascii", "replace").translate(None, _PLAIN):
                return None
        try:
            # What is left out is checked as well: a page is right or it is not.
            list(map(float, self.ignored))
            return list(map(float, self.texts))
        except ValueError:
            return None


class Reading(Generic[T]):
    """A page that is being read, some lines a step; then ``page`` is whole.

    Never are all of its lines held at once: of short ones there are many in a megabyte.
    """

    def __init__(self, reader: Reader[T], text: str, openmetrics: bool) -> None:
        self.page: Page[T] = Page()
        self._reader = reader
        self._text = text
        self._openmetrics = openmetrics
        self._at = 0
        self._number = 0
        self._comments: list[str] = []
        self._numbers: list[int] = []
        self._others: list[str] = []

    def step(self) -> bool:
        """Read on; whether that was all. Raises ExpositionError."""
        try:
            return self._step()
        except ExpositionError:
            # What it knows by now may be of no page: texts that change with each of them.
            if len(self._reader.known) > _SLACK + 2 * self._reader.max_series:
                self._reader.known = {}
            raise

    def _step(self) -> bool:
        lines, self._at = _piece(self._text, self._at)
        first, self._number = self._number, self._number + len(lines)
        try:
            taken = self._quickly(lines, first)
            values = taken.values()
        except ExpositionError:
            # A value further up may be no number, and the first mistake is the one to name.
            values = None
        if values is None:
            taken = self._closely(lines, first)
            values = list(map(float, taken.texts))
        self._keep(taken, values)
        if self._at <= len(self._text):
            return False
        self._finish()
        return True

    def _quickly(self, lines: Sequence[str], first: int) -> _Taken[T]:
        taken: _Taken[T] = _Taken()  # to name T here takes a microsecond
        known = self._reader.known.get
        add, add_text = taken.items.append, taken.texts.append
        for number, line in enumerate(lines, first + 1):
            head, _, tail = line.rpartition(" ")
            item = known(head)
            if item is None:
                if not self._with_time(head, tail, taken):
                    self._look(line, number, taken)
            elif isinstance(item, LeftOut):
                taken.ignored.append(tail)
            else:
                add(item)
                add_text(tail)
        return taken

    def _with_time(self, head: str, tail: str, taken: _Taken[T]) -> bool:
        """Take a known series whose value is followed by a plain timestamp, if it is one."""
        if not tail.isdigit() or self._openmetrics:
            return False
        series, _, value = head.rpartition(" ")
        item = self._reader.known.get(series)
        if item is None or isinstance(item, LeftOut) or not tail.isascii():
            return False
        taken.times[len(taken.items)] = float(tail) / 1000
        taken.items.append(item)
        taken.texts.append(value)
        taken.others.append(series)
        return True

    def _closely(self, lines: Sequence[str], first: int) -> _Taken[T]:
        taken = _Taken[T]()
        for number, line in enumerate(lines, first + 1):
            self._look(line, number, taken)
        return taken

    def _look(self, line: str, number: int, taken: _Taken[T]) -> None:
        """Take ``line`` by the grammar."""
        text = line.lstrip(" \t")
        if not text:
            return
        if text[0] == "#":
            if text.startswith(_TELLING):
                taken.comments.append(line)
                taken.numbers.append(number)
            return
        try:
            found = read_sample(line, openmetrics=self._openmetrics)
            item = self._reader.known.get(found.series)
            if item is None:
                item = self._reader.make(found.name, labels_of(found.labels))
                self._reader.known[found.series] = item
                self.page.fresh += not isinstance(item, LeftOut)
        except BadLineError as error:
            raise ExpositionError(number, str(error)) from None
        taken.others.append(found.series)
        taken.exemplars += found.exemplar
        if isinstance(item, LeftOut):
            taken.ignored.append(found.value)
            return
        if found.time is not None:
            taken.times[len(taken.items)] = found.time
        taken.items.append(item)
        taken.texts.append(found.value)

    def _keep(self, taken: _Taken[T], values: list[float]) -> None:
        page, held = self.page, len(self.page.items)
        page.items += taken.items
        page.values += values
        page.timestamps.update((held + at, time) for at, time in taken.times.items())
        page.left_out += len(taken.ignored)
        page.exemplars += taken.exemplars
        self._comments += taken.comments
        self._numbers += taken.numbers
        self._others += taken.others
        reader = self._reader
        if len(page.items) > reader.max_series or len(self._comments) > reader.most_comments:
            why = f"the page has more than {reader.max_series:,} series"
            raise TooManySeriesError(self._number, why)

    def _finish(self) -> None:
        page = self.page
        if self._openmetrics:
            self._check_end()
        page.families = self._reader.families(self._comments, self._numbers)
        self._reader.forget(self._text, self._others, len(page.items) + page.left_out)

    def _check_end(self) -> None:
        """OpenMetrics says where a page ends, so that one that was cut is known."""
        ends = [n for n, text in zip(self._numbers, self._comments, strict=True) if text == _EOF]
        last = self._text.rstrip("\n")
        if not ends:
            number = last.count("\n") + 1
            raise ExpositionError(number, "the page ends without # EOF (is it cut?)")
        if len(ends) > 1 or not (last == _EOF or last.endswith(f"\n{_EOF}")):
            raise ExpositionError(ends[0], "the page goes on after # EOF")


def parse(page: bytes, *, openmetrics: bool = False) -> Page[tuple[str, Labels]]:
    """Everything that ``page`` says, with nothing remembered.

    Raises:
        ExpositionError: it is no page of metrics; the line and why.
    """
    return Reader(lambda name, labels: (name, labels)).read(page, openmetrics=openmetrics)
