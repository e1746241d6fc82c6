"""Text as a reader sees it: what stands on a line of its own gets one, and the cells of a table's row stay apart.

A table is law as much as a paragraph is. Run together, "Monday" and "Wednesday" become a word that nobody wrote.
"""

from __future__ import annotations

CELL = " | "
"""Between two cells of a row."""


class Scribe:
    """Takes down text piece by piece; white space within a line is made single blanks, and empty lines are left out."""

    def __init__(self) -> None:
        self._lines: list[list[list[str]]] = [[[]]]
        self._is_in_cell = False

    def write(self, text: str | None) -> None:
        """Add text to the line."""
        if text:
            self._lines[-1][-1].append(text)

    def begin_line(self) -> None:
        """Go to a new line."""
        self._lines.append([[]])
        self._is_in_cell = False

    def begin_cell(self) -> None:
        """Go to the next cell of the row; before the first one nothing is marked."""
        if self._is_in_cell or self._lines[-1] != [[]]:
            self._lines[-1].append([])
        self._is_in_cell = True

    @property
    def text(self) -> str:
        """What was taken down, a line each; an empty cell within a row keeps its place, so that columns stay aligned."""
        rows = ([" ".join("".join(cell).split()) for cell in line] for line in self._lines)
        return "\n".join(CELL.join(cells).strip() for cells in rows if any(cells))
