"""Time words: where in a sentence somebody says when. Finds them; the server that gets them reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

ONES = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
NUMBER = rf"(?:\d+|{ONES}|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|ninety)"
TENS = r"(?:(?:twenty|thirty|forty|fifty)[- ](?:one|two|three|four|five|six|seven|eight|nine))"
DAYNAME = (
    r"(?:mon|tues?|wednes|thurs?|fri|satur|sun)day|(?:mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays)"
)
MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?"
)
ORDINAL_WORD = (
    r"(?:(?:twenty|thirty)[- ])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
    r"|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth)|twentieth|thirtieth"
)
ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{ORDINAL_WORD})"
UNIT = r"(?:second|sec|minute|min|hour|hr|day|night|week|weekend|fortnight|month|year)s?"
COUNT = rf"(?:an?|{TENS}|{NUMBER}|a couple(?: of)?|a few|half an?|several|another)"
SPAN = rf"{COUNT}(?: and a half)? (?:more )?(?:{UNIT})(?: and a half)?"
PART = r"(?:morning|afternoon|evening|night|noon|lunch ?time|midday|midnight)"
TOMORROW = r"(?:tomm?orr?ow|tmrw|tmr|2morrow)(?:'?s)?"

CLOCK = (
    r"(?:half past|quarter past|quarter to|quarter till|(?:a )?quarter (?:past|to|after|of)"
    rf"|(?:{TENS}|{NUMBER}) (?:minutes? )?(?:past|to|after|till)) (?:{ONES}|\d{{1,2}})"
    r"|\d{1,2}[:.h]\d{2}(?: ?[ap]\.? ?m\b\.?)?"
    r"|\d{1,2} ?(?:[ap]\.? ?m\b\.?|o'? ?clock)"
    rf"|(?:{ONES})(?: (?:thirty|fifteen|forty[- ]five|oh \w+|twenty|ten))? ?(?:[ap]\.? ?m\b\.?|o'? ?clock)"
    r"|noon|midday|midnight"
)
BARE_HOUR = rf"(?:\d{{1,2}}|{ONES})(?: (?:thirty|fifteen|forty[- ]five|twenty|ten|oh five))?"
OF_DAY = r"(?: in the (?:morning|afternoon|evening)| at night| this (?:morning|afternoon|evening)| tonight| sharp)?"

TIME_OF_DAY = (
    rf"(?:at|by|around|about|before|after|until|till|for|from|to)? ?(?:about |around )?(?:{CLOCK}){OF_DAY}"
    rf"|(?:at|by|around|before|after|until|till) (?:about |around )?(?:{BARE_HOUR}){OF_DAY}(?! (?!on\b|this\b|next\b|instead\b|please\b|sharp\b|remind\b|then\b|too\b|i\b"
    rf"|tomorrow\b|today\b|tonight\b|in\b|to\b|that\b|and\b|for\b|so\b|{DAYNAME})\w)"
    rf"|(?:in|during) the (?:{PART}|morning|afternoon|evening)|at (?:night|lunch ?time|lunch|dinner ?time|bed ?time|noon)"
    r"|(?<!the )first thing(?: in the morning| tomorrow)?"
)
DAY = (
    rf"(?:the )?day after {TOMORROW}|(?:at )?(?:the current|this|the same|the usual) time(?: (?:{TOMORROW}|next week|(?:on |next )?{DAYNAME}))?(?= |$)"
    rf"|(?:early |late(?:r)? |first thing )?(?:today(?:'s)?|tonight(?:'s)?|{TOMORROW})(?: {PART})?(?!')"
    r"|yesterday"
    rf"|(?:this|next|the|this coming|coming|the coming|the next|the following|last) (?:{DAYNAME})(?: {PART})?"
    rf"|(?:{DAYNAME})(?!'s)(?: (?:next|after next|this|the following) ?(?:week)?)?(?: (?:early )?{PART})?"
    rf"|a week (?:from|on) (?:{DAYNAME}|today|{TOMORROW})"
    r"|(?:the )?(?:end|start|beginning|middle|close) of (?:the |this |next )?(?:day|week|month|year|quarter|business)"
    rf"|(?:this|next|the following|the next|last|the coming) (?:week|month|year|weekend|morning|afternoon|evening|quarter"
    rf"|fortnight|spring|summer|fall|autumn|winter|few days|couple of days|{MONTH})(?: (?:on )?(?:{DAYNAME}))?"
    r"|(?:the|over the|on the) weekend|(?<=for )the (?:week|month|day)(?! of)|(?:during|over) the (?:week|month|day)(?! of)|(?:in|this|next) (?:january|february|march|april|june|july|august|september|october|november|december)|all day|some ?time (?:today|this week|next week|tomorrow)"
    rf"|(?:{MONTH}) (?:the )?(?:{ORDINAL}|\d{{1,2}})(?:,? \d{{4}})?(?!\w)"
    rf"|(?:the )?(?:{ORDINAL}|\d{{1,2}})(?: day)? (?:of )?(?:{MONTH})(?:,? \d{{4}})?(?!\w)"
    rf"|the (?:{ORDINAL})(?: of (?:the|this|next) month)?(?= |$|[,.?!])(?! (?!at\b|by\b|in\b|to\b|for\b|from\b|and\b|around\b)\w)"
    r"|\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}(?:/\d{2,4})?"
)
RELATIVE = (
    rf"(?:in|within|after) (?:about |around |exactly |like |the next )?(?:{SPAN})(?: time| from now)?"
    rf"|(?:{SPAN}) (?:from (?:now|today|{TOMORROW}|{DAYNAME})|later|before)"
    r"|in a ?(?:while|bit|moment|minute|sec|second|jiffy)|later(?: on)?(?: today| tonight| this week)?$|later(?: on)? (?:today|tonight)"
    r"|^later(?: on)?|a bit later|at the right time|at some point"
)
REPEAT = (
    rf"(?:every|each) (?:other )?(?:single )?(?:day|night|week|month|year|hour|weekday|weekend|{PART}|{DAYNAME}|{SPAN})"
    r"(?: (?:morning|afternoon|evening|night))?|daily|weekly|monthly|twice a (?:day|week)|once a (?:day|week|month)"
)
LEAD = r"(?:(?:due|set|scheduled|dated)? ?(?:on|by|before|for|due|until|till|from|starting|since|around|to) (?:the )?)?(?:due )?"

WHEN = re.compile(
    rf"(?<![\w'-])(?P<lead>{LEAD})(?P<words>(?:{REPEAT}|{DAY}) (?:at|around) {BARE_HOUR}{OF_DAY}(?! ?[ap]\.? ?m\b| ?o'? ?clock|:)"
    rf"|{RELATIVE}|{REPEAT}|{DAY}|{TIME_OF_DAY})(?![\w-])(?!'(?!s\b))",
    re.IGNORECASE,
)
_JOIN = re.compile(r"^(?:,? |,? (?:on|at|by|in|around|for) (?:the )?|,? and )$", re.IGNORECASE)
_DAYLIKE = re.compile(rf"{DAY}|{REPEAT}|week|month|year|day\b", re.IGNORECASE)
_KEPT_LEADS = ("before", "after", "until", "till", "around", "in", "at", "within")
VAGUE = re.compile(
    r"^(?:at the right time|later(?: on)?|in a ?(?:while|bit|moment)|at some point|all day)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class When:
    """One stretch of time words."""

    start: int
    end: int
    """Where it is in the text, its preposition included."""
    words: str
    """The user's own words, without a leading “on”, “by”, “for” or “due”."""


def find(text: str) -> list[When]:
    """Every stretch of time words in `text`, in order; neighbours (“Friday”, “at three”) are one."""
    found: list[When] = []
    for match in WHEN.finditer(text):
        lead, words = match["lead"].strip().lower(), match["words"].strip()
        kept = lead.split()[0] if lead and lead.split()[0] in _KEPT_LEADS else ""
        now = When(match.start(), match.end(), f"{kept} {words}".strip())
        if found and re.fullmatch(r",? ?(?:and )?", text[found[-1].end : now.start]):
            last = found.pop()
            gap = text[last.start : now.end]
            trimmed = gap[gap.lower().find(last.words.split()[0].lower()) :]
            now = When(last.start, now.end, trimmed.strip())
        found.append(now)
    return found


def split(text: str) -> tuple[str, str | None]:
    """`text` without its time words, and those words (a day before a time), or None where there are none."""
    whens = find(text)
    if not whens:
        return text, None
    rest, at = "", 0
    for when in whens:
        rest += text[at : when.start].rstrip(" ,") + " "
        at = when.end
    rest = re.sub(r"\s+", " ", rest + text[at:].lstrip(" ,")).strip(" ,")
    days = [when.words for when in whens if _DAYLIKE.search(when.words)]
    hours = [when.words for when in whens if not _DAYLIKE.search(when.words)]
    return rest, " ".join([*days, *hours])


def is_only_time(text: str) -> bool:
    """Whether `text` is time words and nothing else."""
    rest, due = split(text.strip(" .,?!"))
    return (
        due is not None
        and not re.sub(r"\b(?:on|at|by|to|for|the|please|instead|then)\b", "", rest, flags=re.IGNORECASE).strip()
    )
