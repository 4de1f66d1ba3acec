"""What became of the attacks of one run."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Tally:
    """What became of the attacks of one run, as sentences."""

    attacks: int = 0
    gained: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)
    points: float = 0.0
    alone: float = 0.0
    together: float = 0.0

    @property
    def held(self) -> bool:
        """Whether nothing was gained, read, left, changed or stopped, and every result was as expected."""
        return not any((self.gained, self.leaks, self.survivors, self.changed, self.stopped, self.otherwise))

    def last_line(self) -> str:
        """Return the line that says so."""
        return (
            f"fortress: {self.attacks} attacks, {self.points:g} points gained, {len(self.leaks)} leaks, "
            f"{len(self.survivors)} survivors, {len(self.changed)} neighbours changed, {len(self.stopped)} runs stopped"
        )

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(**{name: value + getattr(other, name) for name, value in vars(self).items()})
