"""Set-ups drawn at random for benchmarks and tests: none of them asks the actions' own solver."""

from trials import driving, heads, holding, playing, reaching, teams
from trials.skill import SKILLS, Skill
from trials.trial import Outcome, Trial, finish

__all__ = [
    "SKILLS", "Outcome", "Skill", "Trial", "driving", "finish", "heads", "holding", "playing",
    "reaching",
    "teams",
]  # fmt: skip
