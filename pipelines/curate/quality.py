"""Leaves out what is not prose: texts that repeat themselves, and texts of symbols, numbers and lists.

The rules and their bounds are after those that Gopher's corpus was filtered by: Rae et al. (2021), *Scaling Language Models*,
appendix A.1.1 and table A1, https://arxiv.org/abs/2112.11446. Shares are of letters without the spaces between words. Two rules
wait to be asked for, since a title has neither: the number of words (``filter_length``; Gopher's is 50 to 100,000) and the stop
words (Gopher's is two). All were made for web pages. Statutes repeat their phrases and tables their symbols, so neither step is
among the defaults: measure what a domain would lose before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from pipelines.curate.filtering import leave_out
from pipelines.curate.rows import Curated, Row

TOP: Mapping[int, float] = {2: 0.20, 3: 0.18, 4: 0.16}
REPEATED: Mapping[int, float] = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
BULLETS = ("•", "‣", "▪", "◦", "–", "-", "*")
ELLIPSES = ("…", "...")
SYMBOLS = (("#",), ELLIPSES)
STOP_WORDS = frozenset({"the", "be", "to", "of", "and", "that", "have", "with"})
BLANK_LINE = re.compile(r"\n[^\S\n]*\n")

Share = Annotated[float, Field(ge=0, le=1)]


class FilterRepetition(BaseModel):
    """Keeps rows that do not repeat themselves. ``top_ngrams`` and ``repeated_ngrams`` give, by n, the largest share of letters.

    Texts of less than ``minimum_words`` are kept unread: in so few words the commonest pair is a large share by nature.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["filter_repetition"] = "filter_repetition"
    minimum_words: int = Field(default=50, ge=1)
    repeated_lines: Share = 0.30
    repeated_line_letters: Share = 0.20
    repeated_paragraphs: Share = 0.30
    repeated_paragraph_letters: Share = 0.20
    top_ngrams: Mapping[PositiveInt, Share] = Field(default=TOP)
    repeated_ngrams: Mapping[PositiveInt, Share] = Field(default=REPEATED)

    def apply(self, rows: Sequence[Row]) -> Curated:
        """Remove rows in which too much is said again; the reason says what."""
        return leave_out(rows, [self._object_to(row.reading) for row in rows])

    def _object_to(self, text: str) -> str | None:
        words = text.split()
        if len(words) < self.minimum_words:
            return None
        shares = measure_repeated_parts(text.splitlines())
        if shares[0] > self.repeated_lines or shares[1] > self.repeated_line_letters:
            return "repeats its lines"
        shares = measure_repeated_parts(BLANK_LINE.split(text))
        if shares[0] > self.repeated_paragraphs or shares[1] > self.repeated_paragraph_letters:
            return "repeats its paragraphs"
        if any(measure_top_ngram(words, n) > bound for n, bound in self.top_ngrams.items()):
            return "repeats one phrase"
        if any(measure_repeated_ngrams(words, n) > bound for n, bound in self.repeated_ngrams.items()):
            return "repeats its phrases"
        return None


class FilterSymbols(BaseModel):
    """Keeps rows that are made of words: few symbols, few numbers, few bullets, words of a usual length (in letters)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["filter_symbols"] = "filter_symbols"
    symbols_per_word: float = Field(default=0.10, ge=0)
    words_with_letters: Share = 0.80
    shortest_mean_word: float = Field(default=3.0, ge=0)
    longest_mean_word: float = Field(default=10.0, gt=0)
    bullet_lines: Share = 0.90
    unfinished_lines: Share = 0.30
    stop_words: int = Field(default=0, ge=0, le=len(STOP_WORDS))

    def apply(self, rows: Sequence[Row]) -> Curated:
        """Remove rows that are not prose; the reason says by what."""
        return leave_out(rows, [next(self._object_to(row.reading), None) for row in rows])

    def _object_to(self, text: str) -> Iterator[str]:
        words = text.split()
        if not words:
            yield "no words"
            return
        if max(sum(map(text.count, alike)) for alike in SYMBOLS) / len(words) > self.symbols_per_word:
            yield "too many symbols"
        if sum(any(letter.isalpha() for letter in word) for word in words) / len(words) < self.words_with_letters:
            yield "too few words with letters"
        if not self.shortest_mean_word <= sum(map(len, words)) / len(words) <= self.longest_mean_word:
            yield "words of an unusual length"
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if sum(line.startswith(BULLETS) for line in lines) / len(lines) > self.bullet_lines:
            yield "all bullets"
        if sum(line.endswith(ELLIPSES) for line in lines) / len(lines) > self.unfinished_lines:
            yield "lines that are cut off"
        if len(STOP_WORDS.intersection(word.lower().strip(".,;:()") for word in words)) < self.stop_words:
            yield "too few stop words"


def measure_repeated_parts(parts: Sequence[str]) -> tuple[float, float]:
    """Return the share of parts (lines, paragraphs) that stood there before, and of the letters in such parts.

    Empty parts do not count, and of no parts both are 0.
    """
    told = [part.strip() for part in parts if part.strip()]
    repeated = [part for part, count in Counter(told).items() for _ in range(count - 1)]
    letters = sum(map(len, told))
    return (len(repeated) / len(told), sum(map(len, repeated)) / letters) if letters else (0.0, 0.0)


def measure_top_ngram(words: Sequence[str], n: int) -> float:
    """Return the share of letters that are in the commonest run of ``n`` words, at most 1; 0 where none comes twice."""
    counts = Counter(zip(*(words[start:] for start in range(n)), strict=False))
    if not counts:
        return 0.0
    most = max(counts.values())
    if most == 1:
        return 0.0
    longest = max(sum(map(len, ngram)) for ngram, count in counts.items() if count == most)
    return min(most * longest / sum(map(len, words)), 1.0)


def measure_repeated_ngrams(words: Sequence[str], n: int) -> float:
    """Return the share of letters that are in a run of ``n`` words which stood there before; overlaps count once."""
    seen, place, repeated = set[tuple[str, ...]](), 0, 0
    while place + n <= len(words):
        ngram = tuple(words[place : place + n])
        if ngram in seen:
            repeated += sum(map(len, ngram))
            place += n
        else:
            seen.add(ngram)
            place += 1
    return repeated / max(sum(map(len, words)), 1)
