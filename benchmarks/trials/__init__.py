"""Set-ups drawn at random for benchmarks and tests: none of them asks the actions' own solver."""

from trials import driving, heads, holding, playing, reaching
from trials.trial import SKILLS, Outcome, Skill, Trial, finish

__all__ = [
    "SKILLS", "Outcome", "Skill", "Trial", "driving", "finish", "heads", "holding", "playing",
    "reaching",
]  # fmt: skip
