"""Which tool a request means: by the words of its name, description and parameters, and by the kind of deed."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voice_agent.offline.brain import addresses, figures
from voice_agent.offline.brain.catalog import CLASS_OF, Ability, Catalog
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.stems import STOP, stem, stems

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME, _SERVER, _FIRST, _REST, _PARAMETER, _ENUM = 3.0, 1.5, 1.2, 0.5, 0.7, 0.5
_QUESTIONS = re.compile(
    r"^(?:what|which|who|how|when|where|is|are|does|do|tell|any|give|let me (?:see|know))\b", re.IGNORECASE
)
_READING = frozenset({"get", "list", "search"})
_CHANGING = frozenset({"delete", "update"})
_HARMFUL = frozenset({"delete", "complete", "send", "run"})
_GENERIC = frozenset(stem(word) for word in load("tools").words("generic"))


@dataclass(frozen=True, eq=False)
class Index:
    """The words of all tools, weighed."""

    catalog: Catalog
    weights: Mapping[str, Mapping[str, float]] = field(init=False)
    rarity: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        """Weigh the words."""
        weights = {ability.key: _weigh(ability) for ability in self.catalog.abilities}
        seen = Counter(word for words in weights.values() for word in words)
        total = max(len(weights), 1)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(
            self,
            "rarity",
            {word: math.log(1 + total / n) / math.log(1 + total) if total > 1 else 1.0 for word, n in seen.items()},
        )

    def rank(self, request: str, *, most: int = 6) -> list[tuple[float, Ability]]:
        """The tools that fit `request` best, with how well (0 to about 2), best first; none that cannot be meant."""
        said = list(dict.fromkeys(stems(_without_values(request))))
        if (path := addresses.path(request)) and re.search(r"\.\w{1,5}$", path):
            said.append(stem("file"))
        deeds = deeds_of(_without_values(request))
        scored: list[tuple[float, Ability]] = []
        for ability in self.catalog.abilities:
            score = self._score(ability, said, deeds)
            if score > 0:
                scored.append((score, ability))
        scored.sort(key=lambda pair: -pair[0])
        return scored[:most]

    def _score(self, ability: Ability, said: list[str], deeds: frozenset[str]) -> float:
        classes = ability.classes
        if (
            classes & _HARMFUL
            and not classes & deeds
            and not any(stem(word) in said for word in ability.words if word in CLASS_OF)
        ):
            return 0.0
        if ("write" in ability.words and not deeds) or ("delete" in deeds and "delete" not in classes):
            return 0.0
        if deeds & _CHANGING and not deeds & classes and classes <= _READING:
            return 0.0
        words = self.weights[ability.key]
        hits = {word: words[word] * self.rarity[word] for word in said if word in words}
        is_only_a_file = classes & _CHANGING and not deeds and set(hits) <= {stem("file")}
        if not hits or is_only_a_file:
            return 0.0
        asked = sum(self.rarity.get(word, 0.35) for word in said)
        covered = sum(self.rarity[word] for word in hits) / asked
        nouns = {stem(word) for word in ability.nouns if word not in STOP}
        verb = next((stem(word) for word in ability.words if word in CLASS_OF), "")
        named = sum(1.0 for noun in nouns if noun in said) / len(nouns) if nouns else 0.0
        strength = min(sum(hits.values()) / 3.0, 1.0)
        if not any(word not in _GENERIC for word in hits) and not (
            verb in said and not nouns and any(stem(word) in said for word in ability.server.split("_"))
        ):
            return 0.3 * covered
        reads = classes & _READING and deeds & _READING
        agrees = 0.25 if classes & deeds else 0.0 if not (classes and deeds) else -0.15 if reads else -0.25
        spoken = 0.15 if verb and verb in said else 0.0
        return 0.5 * covered + 0.7 * named + 0.4 * strength + agrees + spoken


def _without_values(request: str) -> str:
    """The words that can choose a tool: not what is in quotes, no numbers, paths or addresses."""
    plain = re.sub(r"\"[^\"]*\"", " ", request)
    for found in (addresses.url(plain), addresses.path(plain), addresses.path(request)):
        if found:
            plain = plain.replace(found, " ")
    for number in reversed(figures.numbers(plain)):
        plain = f"{plain[: number.start]} {plain[number.end :]}"
    return plain


def deeds_of(request: str) -> frozenset[str]:
    """What kinds of deed the words speak of."""
    found: set[str] = set()
    if _QUESTIONS.match(request):
        found |= _READING
    for word in re.findall(r"[a-z]+", request.lower())[:6]:
        found |= CLASS_OF.get(word, frozenset())
        if found:
            break
    return frozenset(found)


def _weigh(ability: Ability) -> dict[str, float]:
    weights: dict[str, float] = {}

    def add(text: str, weight: float) -> None:
        for word in stems(text):
            weights[word] = max(weights.get(word, 0.0), weight)

    add(" ".join(ability.words), _NAME)
    add(re.sub(r"[_-]", " ", ability.server), _SERVER)
    first, _, rest = ability.description.partition(". ")
    add(first[:300], _FIRST)
    add(rest[:600], _REST)
    for parameter in ability.parameters:
        add(" ".join(parameter.words), _PARAMETER)
        add(" ".join(parameter.enum[:20]), _ENUM)
    return weights
