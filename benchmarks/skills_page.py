"""The page that publishes how often each skill succeeds."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from report import machine_line, wilson
from trials import Outcome, Skill

HEAD = """\
# Skills

How often each action succeeds, on each robot that has what it takes, in set-ups drawn at random.
`benchmarks/skills.py` makes this page:

```sh
python benchmarks/skills.py --trials {trials} --seed {seed} --page docs/guide/skills.md
```

A trial is a success if the action ends as `success` *and* the state of the world shows it: where
the base, the hand, the camera or the object is measured to be. A success that the world does not
show counts as a failure, marked *denied* in the list below. Set-ups are drawn without asking the
planners and solvers that the actions use; what was drawn and thrown away before the action started
is counted as *rejected*. The interval is Wilson's at 95 %; *frames* is the median over the
successes, at 60 a second. Every set-up has a random stream of its own, so that the rates are the
same for any number of processes, and an update of one row leaves the others as they are.

{machine}.

| action | robot | successes | 95 % interval | rejected | frames |
|---|---|--:|--:|--:|--:|
"""


@dataclass(frozen=True)
class Row:
    """A skill of a model, and what came of its trials."""

    skill: Skill
    model: str
    outcomes: tuple[Outcome, ...]

    @property
    def successes(self) -> int:
        """Trials in which the action said so and the world agreed."""
        return sum(o.success for o in self.outcomes)

    @property
    def rejected(self) -> Counter[str]:
        """Draws that were thrown away, by reason."""
        return sum((Counter(o.rejected) for o in self.outcomes), Counter())

    @property
    def frames(self) -> float:
        """The median over the successes; NaN without one."""
        return median([o.frames for o in self.outcomes if o.success] or [float("nan")])

    @property
    def failures(self) -> list[tuple[int, Outcome]]:
        """The other trials, with their indices."""
        return [(k, o) for k, o in enumerate(self.outcomes) if not o.success]


def write_page(path: Path, rows: Sequence[Row], trials: int, seed: int) -> None:
    """Write the page."""
    # How many cores there are has no influence on a rate.
    machine = re.sub(r" \d+ cores,", "", machine_line())
    parts = [HEAD.format(trials=trials, seed=seed, machine=machine)]
    before = ""
    for row in rows:
        low, high = wilson(row.successes, len(row.outcomes))
        name = code(row.skill.name) if row.skill.name != before else ""
        before = row.skill.name
        parts.append(
            f"| {name} | {row.model} | {row.successes} of {len(row.outcomes)} | "
            f"{100 * low:.1f} to {100 * high:.1f} % | {row.rejected.total()} | "
            f"{row.frames:.0f} |\n"
        )
    parts.append(failures(rows))
    parts.append(set_ups(list(dict.fromkeys(row.skill for row in rows))))
    path.write_text("".join(parts), encoding="utf-8")


def failures(rows: Sequence[Row]) -> str:
    """The section of what failed."""
    lines = ["\n## Failures\n\n"]
    for row in rows:
        for k, o in row.failures:
            mark = " *denied*," if o.denied else ""
            lines.append(
                f"- {code(row.skill.name)}, {row.model}, set-up {k}:{mark} {o.stage}, {o.reason}\n"
            )
    return "".join(lines) if len(lines) > 1 else f"{lines[0]}None.\n"


def set_ups(skills: Sequence[Skill]) -> str:
    """The section of how set-ups are drawn and judged; rows with the same words share them."""
    parts = ["\n## Set-ups\n"]
    names: dict[str, list[Skill]] = {}
    for skill in skills:
        names.setdefault(skill.description, []).append(skill)
    for text, same in names.items():
        title = ", ".join(code(s.name) for s in same)
        asked = f"Asked for: {100 * same[0].least:.0f} %."
        paragraphs = [textwrap.fill(" ".join(p.split()), 100) for p in [*text.split("\n\n"), asked]]
        parts.append(f"\n### {title}\n\n" + "\n\n".join(paragraphs) + "\n")
    return "".join(parts)


def code(name: str) -> str:
    """A row's name, with the robot's method as code."""
    method, _, rest = name.partition(" ")
    return f"`{method}` {rest.replace(chr(39), '`')}".rstrip()
