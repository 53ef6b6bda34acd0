"""How the user speaks of time, and how a model writes it (pure)."""

from __future__ import annotations

import re

from voice_agent.agents.word_forms import LITTLE, split, tokens
from voice_agent.bridge.find.text import words

CALENDAR = split(
    """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun day
    days week weeks month months year years today tonight tomorrow yesterday morning noon afternoon evening night
    midnight next last this every daily weekly monthly yearly hour hours minute minutes seconds before after ago now the
    and for freq interval byday until count none on at in by am pm t z
    """
)
"""Words that a model computes: they say when, not what."""
_VAGUE = split("the and for freq interval byday until count none on at in by t z now may before after ago this last")
"""Words of `CALENDAR` that are said of other things too."""
_NAMED = (
    CALENDAR - _VAGUE - split("day days week weeks month months year years hour hours minute minutes seconds am pm")
)
"""Words of `CALENDAR` of which another could have been said."""
_MONTHS = words("january february march april may june july august september october november december")
_OF_TIME = re.compile(
    rf"\b(?:(?:{'|'.join(_MONTHS)}) (?:\w+(?:st|nd|rd|th)|second)|\d+(?: \d\d)? ?(?:am|pm|oclock)"
    r"|\d+ (?:second|minute|hour|day|week|month|year)s?"
    rf"|{'|'.join(sorted(CALENDAR - _VAGUE))}|later|soon|o ?clock|(?:half|quarter) (?:past|to)(?: \d+)?|weekends?"
    r"|weekdays?|lunch(?:time)?|breakfast|dinner|christmas|easter|\w+(?:day|noon|evening|night|morning)s|fortnight"
    r"|in may|(?:at|by|from|until|till|before|after|around|past) \d+|(?:the )?\d+(?:st|nd|rd|th)|\d+ (?:\d\d|oclock)"
    r"|(?:on|by|until|till|before|after) the \w+(?:st|nd|rd|th))\b"
)
"""How the user speaks of time, in plain words, numbers as digits."""
_COUNTED = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
)
NUMBERS = {word: str(number) for number, word in enumerate(_COUNTED)} | {"thirty": "30", "forty": "40", "fifty": "50"}
_DAY = r"(?:19|20)\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
_MOMENT = re.compile(
    rf"{_DAY}(?:[T ]{_TIME})?(?: ?(?:Z|[+-]\d\d:?\d\d))?|{_DAY}T\d{{6}}Z?|{_TIME}|\d{{1,2}}(?::\d\d)? ?[ap]\.?m\.?"
    r"|P(?:\d+[YMWD])*(?:T(?:\d+[HMS])+)?"
)
"""A date, a time or a span, as a model computes them (ISO 8601)."""
_AROUND = split("half quarter oclock o clock one") | set(_COUNTED) | set(NUMBERS)


def speaks_of_time(text: str) -> bool:
    """Tell whether somebody who says this speaks of time."""
    return _OF_TIME.search(_plain(text)) is not None


def without_time(text: str) -> str:
    """Return what is said in plain words, without that which says when."""
    return _OF_TIME.sub(" ", _plain(text))


def named_times(text: str) -> set[str]:
    """Return the days, months and parts of days that this names."""
    return tokens(text) & _NAMED


def is_moment(text: str) -> bool:
    """Tell whether this is a time that was computed."""
    return _MOMENT.fullmatch(text) is not None


def is_time(text: str) -> bool:
    """Tell whether this says when, and nothing else."""
    if is_moment(text):
        return True
    rest = tokens(without_time(text)) - LITTLE - CALENDAR - _AROUND
    return any(map(str.isalpha, text)) and speaks_of_time(text) and all(map(str.isdecimal, rest))


def _plain(text: str) -> str:
    return " ".join(NUMBERS.get(word, word) for word in words(text))
