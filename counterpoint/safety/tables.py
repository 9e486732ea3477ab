"""A table as data, and one renderer a format."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoint.core.errors import SafetyInputError

Cell = str | int | float | None

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "λ": r"$\lambda$",
    "²": r"$^2$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "−": r"$-$",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table.

    Attributes:
        title: Its title.
        columns: Headings.
        rows: Cells, one a heading; None is a cell without a value.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise SafetyInputError(
                    f"table {self.title!r} has {len(self.columns)} columns, and a row of {len(row)}"
                )


def to_markdown(table: Table) -> str:
    """The table in Markdown; numbers to the right."""
    ruler = ["---:" if right else "---" for right in _numeric(table)]
    lines = [list(table.columns), ruler]
    lines += [[_markdown(text(cell)) for cell in row] for row in table.rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"**{table.title}**\n\n{body}"


def to_latex(table: Table) -> str:
    """The table in LaTeX, with the rules of `booktabs`; every special character is escaped."""
    spec = "".join("r" if right else "l" for right in _numeric(table))
    head = " & ".join(_latex(column) for column in table.columns)
    body = [" & ".join(_latex(text(cell)) for cell in row) + r" \\" for row in table.rows]
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{_latex(table.title)}}}",
            rf"\begin{{tabular}}{{{spec}}}",
            r"\toprule",
            rf"{head} \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )


def text(cell: Cell) -> str:
    """A cell in words: floats with four digits that count, a dash where there is no value."""
    if cell is None:
        return "–"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _numeric(table: Table) -> list[bool]:
    """Which columns hold numbers and nothing else."""
    return [
        bool(table.rows) and not any(isinstance(row[k], str) for row in table.rows)
        for k in range(len(table.columns))
    ]


def _markdown(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _latex(cell: str) -> str:
    return "".join(_LATEX.get(character, character) for character in cell.replace("\n", " "))
