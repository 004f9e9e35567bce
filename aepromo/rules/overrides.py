"""The rule book with the figures that the user overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo import rules
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aepromo.rules import Rule


class Book:
    """The rule book with some values overridden: full key → value, and their origin.

    A key that the book doesn't have raises ``UnknownRule``; a value of the wrong form, a list where
    the book has text or the other way round, raises ``ValueError``. ``converted`` converts the
    money of a figure, which is in US dollars, to another currency of prices.
    """

    __slots__ = ("converted", "overrides", "said_by")

    def __init__(
        self,
        overrides: Mapping[str, str | tuple[str, ...]] | None = None,
        said_by: str = "",
        converted: Callable[[Rule], Rule] | None = None,
    ) -> None:
        self.overrides = overrides or {}
        self.said_by = said_by
        self.converted = converted
        for key, value in self.overrides.items():
            if isinstance(rules.rule(key).value, tuple) != isinstance(value, tuple):
                reason = (
                    _("the rule book has text here")
                    if isinstance(value, tuple)
                    else _("the rule book has a list of texts here")
                )
                raise ValueError(f"{key}: {reason}")

    def in_money(self, converted: Callable[[Rule], Rule]) -> Book:
        """The book with its money converted to another currency."""
        return Book(self.overrides, self.said_by, converted)

    def rule(self, key: str) -> Rule:
        """The figure in force under this full key. Raises ``UnknownRule``."""
        return self._in_force((rules.rule(key),))[0]

    def text(self, key: str) -> str:
        """The value in force under a key that holds a single one."""
        return str(self.rule(key).value)

    def matching(self, prefix: str) -> tuple[Rule, ...]:
        """The figures in force whose key is the prefix or continues it. Raises ``UnknownRule``."""
        return self._in_force(rules.matching(prefix))

    def all(self) -> tuple[Rule, ...]:
        """Every figure in force, family by family."""
        return self._in_force(rules.book())

    def is_overridden(self, key: str) -> bool:
        """Whether the user overrides this figure."""
        return key in self.overrides

    def in_dollars(self, keys: Iterable[str]) -> dict[str, str]:
        """The values in dollars of the figures that are converted, by key."""
        if self.converted is None:
            return {}
        said = {key: self._as_said(rules.rule(key)) for key in keys}
        return {
            key: str(rule.value)
            for key, rule in said.items()
            if rule.value != self.converted(rule).value
        }

    def _in_force(self, figures: tuple[Rule, ...]) -> tuple[Rule, ...]:
        said = tuple(map(self._as_said, figures)) if self.overrides else figures
        return said if self.converted is None else tuple(map(self.converted, said))

    def _as_said(self, rule: Rule) -> Rule:
        if rule.key not in self.overrides:
            return rule
        value = self.overrides[rule.key]
        instead = rule.value if isinstance(rule.value, str) else ", ".join(rule.value)
        overridden = _("{origin}; the rule book says {value}")
        overridden = overridden.format(origin=self.said_by, value=instead)
        return rule._replace(value=value, overridden=overridden)
