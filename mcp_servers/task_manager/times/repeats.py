"""Repetition as people say it, as iCalendar rules (RFC 5545, 3.3.10), and back. Pure.

A rule that needs no day of its own ("every week") takes the one of the task's due time. A month without the 31st has
its last day instead.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.times.words import MONTHS, SEASONS, WEEKDAYS, normalise

if TYPE_CHECKING:
    from mcp_servers.task_manager.models import Due

LONGEST = 200
_SHORTEST: Final = 28
"""Days of the shortest month."""
_CODES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNITS: Final = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
_ADVERBS: Final = {
    "daily": "1 day", "nightly": "1 day", "weekly": "1 week", "fortnightly": "2 week", "biweekly": "2 week",
    "monthly": "1 month", "bimonthly": "2 month", "quarterly": "3 month", "yearly": "1 year", "annually": "1 year",
}  # fmt: skip
_OTHER_UNITS: Final = {"fortnight": "2 weeks", "quarter": "3 months", "half year": "6 months"}
_NTH: Final = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "last": -1}
_SAID_NTH: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_DAY = "|".join(WEEKDAYS)
_MONTH = "|".join((*MONTHS, *SEASONS))
_IN_MONTHS = rf"(?:{_MONTH})(?:(?: and)? (?:{_MONTH}))*"
_DAYS = rf"(?:{_DAY})s?(?:(?: and)? (?:{_DAY})s?)*"
_EXAMPLES = "Say it like “every day”, “every Monday and Thursday”, “every two weeks” or “monthly”."
_PARTS: Final = {"morning": 9, "afternoon": 15, "evening": 18, "night": 20}
_ALLOWED: Final = {
    "FREQ",
    "INTERVAL",
    "BYDAY",
    "BYMONTHDAY",
    "BYMONTH",
    "BYSETPOS",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYHOUR",
    "BYMINUTE",
}


def parse(words: str | None) -> str:
    """The rule that the words mean; a rule is taken as it is. Raises `BadRequest`."""
    said = " ".join((words or "").split())
    if "FREQ=" in said.upper():
        return _checked(said)
    rule = _with_time(_normal(said)) if len(said) <= LONGEST else None
    if rule is None:
        short = said if len(said) <= 60 else said[:60] + "…"  # noqa: PLR2004 - enough to be recognised
        raise BadRequest(f"I don't understand “{short}” as a repetition. {_EXAMPLES}")
    return rule


def _normal(said: str) -> str:
    text = re.sub(
        r"^(?:repeat(?:s|ing)? )?(?:on |once )?(?:every|each|all) ", "every ", normalise(said.replace("-", " "))
    )
    text = re.sub(r"^once (?:1|per) (week|month|year) on ", r"every \1 on ", text)
    for unit, meant in _OTHER_UNITS.items():
        text = re.sub(rf"^every {unit}\b", f"every {meant}", text)
    return text


def _with_time(text: str) -> str | None:
    """The time of day goes into the rule until `begin` has moved it into the due time."""
    match = re.fullmatch(r"(.+?)(?: at (.+)| (?:in the |at )?(morning|afternoon|evening|night)s?)", text)
    if not match or (match[3] and match[1] == "every"):
        return _rule(text)
    from mcp_servers.task_manager.times.rules import Clock, NoSuchTimeError
    from mcp_servers.task_manager.times.single import clock_of

    try:
        clock = Clock(_PARTS[match[3]]) if match[3] else clock_of(match[2])
    except NoSuchTimeError:
        return _rule(text)
    rule = _rule(match[1])
    return f"{rule};BYHOUR={clock.hour % 24};BYMINUTE={clock.minute}" if rule else None


def _rule(text: str) -> str | None:
    return _by_unit(text) or _by_weekday(text) or _monthly(text) or _yearly(text) or _on_holiday(text)


def _by_unit(text: str) -> str | None:
    if text in _ADVERBS:
        count, unit = _ADVERBS[text].split()
        return _every(int(count), unit)
    if match := re.fullmatch(r"every (?:(\d{1,3}|other|2nd|3rd|4th) )?(day|week|month|year)s?", text):
        return _every(_count(match[1]), match[2])
    if match := re.fullmatch(r"every (morning|afternoon|evening|night)", text):
        return f"FREQ=DAILY;BYHOUR={_PARTS[match[1]]};BYMINUTE=0"
    if match := re.fullmatch(r"(?:once )?(?:a|1|per) (day|week|month|year)", text):
        return _every(1, match[1])
    return None


def _by_weekday(text: str) -> str | None:  # noqa: PLR0911 - one return for each way to say it
    if re.fullmatch(r"(?:every )?(?:week ?days?|work(?:ing)? ?days?|business days?)", text):
        return "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    if re.fullmatch(r"(?:every )?weekends?", text):
        return "FREQ=WEEKLY;BYDAY=SA,SU"
    if match := re.fullmatch(rf"(?:every )?(?:from )?({_DAY})s? (?:to|through|thru|until|till) ({_DAY})s?", text):
        return _range(match[1], match[2])
    if match := re.fullmatch(rf"every day (?:except|but)(?: for)?(?: on)? ({_DAYS})", text):
        left_out = {_code(name) for name in re.findall(_DAY, match[1])}
        return f"FREQ=WEEKLY;BYDAY={','.join(code for code in _CODES if code not in left_out)}"
    if match := re.fullmatch(rf"(?:every )?(?:(other|2nd) )?({_DAYS})", text):
        return _weekly(2 if match[1] else 1, match[2])
    weeks = r"(?:every (?:(\d{1,2}|other|2nd) )?weeks?|weekly|(biweekly|fortnightly))"
    if match := re.fullmatch(rf"{weeks} on ({_DAYS})", text):
        return _weekly(2 if match[2] else _count(match[1]), match[3])
    return None


def _range(first: str, last: str) -> str:
    start = WEEKDAYS.index(first)
    days = {_CODES[(start + ahead) % 7] for ahead in range((WEEKDAYS.index(last) - start) % 7 + 1)}
    return f"FREQ=WEEKLY;BYDAY={','.join(code for code in _CODES if code in days)}"


def _monthly(text: str) -> str | None:  # noqa: PLR0911 - one return for each way to say it
    of_month = r"(?: (?:day )?(?:of|in) (?:the|each|every) (?:(\d{1,2}) )?months?| (?:each|every) month)?"
    lead = (
        r"(?:every (?:(\d{1,2}|other) )?months? on (?:the )?|monthly on (?:the )?|(?:on )?(?:every |the )+|"
        r"(?=.* (?:each|every) month)|(?:on )?(?:the )?(?=.* (?:of|in) (?:the|each|every) month))"
    )
    if match := re.fullmatch(rf"{lead}(1st|2nd|3rd|4th|5th|last) ({_DAY}){of_month}", text):
        return f"{_every(_count(match[1]), 'month')};BYDAY={_NTH[match[2]]:+d}{_code(match[3])}".replace("+", "")
    if match := re.fullmatch(rf"{lead}(1st|last) (?:weekday|working day|business day){of_month}", text):
        return f"{_every(_count(match[1]), 'month')};BYDAY=MO,TU,WE,TH,FR;BYSETPOS={_NTH[match[2]]}"
    if match := re.fullmatch(rf"{lead}last day{of_month}", text):
        return f"{_every(_count(match[1]), 'month')};BYMONTHDAY=-1"
    if re.fullmatch(r"(?:at )?(?:the )?end of (?:(?:the|each|every) )?month|every end of (?:the )?month", text):
        return "FREQ=MONTHLY;BYMONTHDAY=-1"
    if (match := re.fullmatch(rf"{lead}(\d{{1,2}})(?:st|nd|rd|th)?{of_month}", text)) and 1 <= int(match[2]) <= 31:  # noqa: PLR2004 - days of a month
        return f"{_every(_count(match[1]), 'month')};{_month_day(int(match[2]))}"
    if match := re.fullmatch(
        rf"{lead}(\d{{1,2}})(?:st|nd|rd|th)? and (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?{of_month}", text
    ):
        days = sorted({int(match[2]), int(match[3])})
        if days[0] > 0 and days[-1] <= _SHORTEST:
            return f"{_every(_count(match[1]), 'month')};BYMONTHDAY={','.join(str(day) for day in days)}"
    return None


def _on_holiday(text: str) -> str | None:
    from mcp_servers.task_manager.times.holidays import fixed_day

    day = fixed_day(text.removeprefix("every ").removeprefix("year on ")) if text.startswith("every ") else None
    return f"FREQ=YEARLY;BYMONTH={day[0]};BYMONTHDAY={day[1]}" if day else None


def _yearly(text: str) -> str | None:
    months = "|".join(MONTHS)
    if match := re.fullmatch(
        rf"every (?:year (?:in )?)?(?:the )?({_IN_MONTHS})|(?:in )?({_IN_MONTHS}) every year", text
    ):
        return _in_months(match[1] or match[2])
    if match := re.fullmatch(rf"every (\d{{1,2}}) (?:{months})(?: and \1 (?:{months}))+", text):
        return f"{_in_months(text)};BYMONTHDAY={int(match[1])}"
    first = re.fullmatch(
        rf"(?:every (?:year on )?|yearly on |annually on )(?:the )?({months}) (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?",
        text,
    )
    second = re.fullmatch(
        rf"(?:every (?:year on )?|yearly on |annually on )(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({months})", text
    )
    name, day = (first[1], first[2]) if first else (second[2], second[1]) if second else ("", "0")
    if not name or not 1 <= int(day) <= 31:  # noqa: PLR2004 - days of a month
        return None
    return f"FREQ=YEARLY;BYMONTH={MONTHS.index(name) + 1};BYMONTHDAY={int(day)}"


def _in_months(names: str) -> str:
    """On the day of the due time, or the first: see `begin`. A season is its first month."""
    found = {MONTHS.index(name) + 1 for name in re.findall("|".join(MONTHS), names)}
    found |= {3 * SEASONS.index(name) + 3 for name in re.findall("|".join(SEASONS), names)}
    return f"FREQ=YEARLY;BYMONTH={','.join(str(month) for month in sorted(found))}"


def _every(count: int, unit: str) -> str:
    return f"FREQ={_UNITS[unit]}" + (f";INTERVAL={count}" if count > 1 else "")


def _count(said: str | None) -> int:
    return 2 if said == "other" else int(re.sub(r"\D", "", said or "1"))


def _weekly(count: int, days: str) -> str:
    codes = {_code(name) for name in re.findall(_DAY, days)}
    return f"{_every(count, 'week')};BYDAY={','.join(code for code in _CODES if code in codes)}"


def _code(name: str) -> str:
    return _CODES[WEEKDAYS.index(name)]


def _month_day(day: int) -> str:
    """That day of the month, or its last where it has none."""
    if day <= _SHORTEST:
        return f"BYMONTHDAY={day}"
    return f"BYMONTHDAY={','.join(str(one) for one in range(_SHORTEST, day + 1))};BYSETPOS=-1"


def _checked(rule: str) -> str:
    clean = rule.upper().removeprefix("RRULE:").strip().strip(";")
    if not _is_usable(clean):
        raise BadRequest(f"“{rule[:LONGEST]}” is no rule that can be used. {_EXAMPLES}")
    return clean


def _is_usable(rule: str) -> bool:
    from dateutil.rrule import rrulestr

    parts = _parts(rule)
    if (
        ("BYHOUR" in parts) != ("BYMINUTE" in parts)
        or not _is_clock(parts)
        or set(parts) - _ALLOWED
        or len(rule) > LONGEST
        or parts.get("FREQ") not in _UNITS.values()
    ):
        return False
    start = datetime(2024, 1, 31)  # noqa: DTZ001 - a trial
    try:
        first = rrulestr(rule, dtstart=start, ignoretz=True).after(start, inc=True)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return False
    return first is not None or bool({"UNTIL", "COUNT"} & set(parts))


def _is_clock(parts: dict[str, str]) -> bool:
    return all(re.fullmatch(r"\d{1,2}", parts.get(name, "0")) for name in ("BYHOUR", "BYMINUTE"))


def _parts(rule: str) -> dict[str, str]:
    split = (part.partition("=") for part in rule.split(";"))
    return {name: value for name, _, value in split}


def begin(rule: str, due: Due | None, now: datetime) -> tuple[Due, str]:
    """When the first one is due, and the rule with what it takes from that day.

    Said without a due time: the first that fits from today on.
    """
    given = due is not None
    if set(_parts(rule)) - {"INTERVAL", "BYHOUR", "BYMINUTE"} == {"FREQ", "BYMONTH"}:
        rule = f"{rule};BYMONTHDAY={_day_of_months(_parts(rule)['BYMONTH'], due)}"
    if due is None:
        due = _first(rule, now.date())
    day = due.date() if isinstance(due, datetime) else due
    parts = _parts(rule)
    if "BYHOUR" in parts:
        rule = re.sub(r";BY(?:HOUR|MINUTE)=[^;]*", "", rule)
        if not isinstance(due, datetime):
            due = _at(day, time(int(parts["BYHOUR"]), int(parts["BYMINUTE"])), now)
            due = due if due > now or given else following(rule, due, now) or due
    if parts["FREQ"] == "MONTHLY" and not {"BYDAY", "BYMONTHDAY"} & set(parts):
        rule = f"{rule};{_month_day(day.day)}"
    return due, rule


def _day_of_months(months: str, due: Due | None) -> int:
    """The day of the due time, where it is in one of these months and each of them has it; else the first."""
    numbers = [int(one) for one in months.split(",")]
    if due is None or due.month not in numbers:
        return 1
    return min(due.day, *(monthrange(2025, number)[1] for number in numbers))


def _first(rule: str, today: date) -> date:
    found = _occurrence(rule, today, today, inclusive=True)
    return found or today


def following(rule: str, due: Due | None, now: datetime) -> Due | None:
    """When the next one is due: the first that fits after the due time and is not past; None after the last.

    Of a moment the time of day stays, in the zone of `now`, over daylight saving.
    """
    if due is None:
        due = now.date()
    if not isinstance(due, datetime):
        return _occurrence(rule, due, max(due, now.date() - timedelta(days=1)))
    local = due.astimezone(now.tzinfo) if now.tzinfo else due
    day = local.date()
    found = _occurrence(rule, day, max(day, now.date() - timedelta(days=1)))
    while found is not None:
        moment = _at(found, local.time(), now)
        if moment > now or now.tzinfo is None:
            return moment
        found = _occurrence(rule, day, found)
    return None


def rest(rule: str) -> str:
    """The rule of the task that follows: with a count, one less."""
    match = re.search(r"COUNT=(\d+)", rule)
    return rule.replace(match[0], f"COUNT={int(match[1]) - 1}") if match else rule


def _at(day: date, clock: time, now: datetime) -> datetime:
    from mcp_servers.task_manager.times.single import settled

    return settled(datetime.combine(day, clock.replace(tzinfo=None)), now.tzinfo)


def _occurrence(rule: str, start: date, after: date, *, inclusive: bool = False) -> date | None:
    """The first day that fits, of those counted from `start`."""
    from dateutil.rrule import rrulestr

    if re.search(r"COUNT=[01](?!\d)", rule) and not inclusive:
        return None
    counted = re.sub(r";?(?:COUNT=\d+|BY(?:HOUR|MINUTE)=[^;]*)", "", rule)  # counted down from task to task, see `rest`
    first = datetime.combine(start, time())
    try:
        found = rrulestr(counted, dtstart=first, ignoretz=True).after(datetime.combine(after, time()), inc=inclusive)
    except (OverflowError, ValueError):
        return None
    return found.date() if found else None


def spoken(rule: str) -> str:
    """The rule as people say it; one that nobody says so comes back as it is."""
    parts = _parts(rule)
    unit = next((name for name, freq in _UNITS.items() if freq == parts.get("FREQ")), "")
    if not unit or set(parts) - {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}:
        return rule
    count = int(parts.get("INTERVAL", "1"))
    every = f"every {unit}" if count == 1 else f"every {count} {unit}s"
    days = parts.get("BYDAY", "").split(",") if parts.get("BYDAY") else []
    if unit == "week" and days:
        return _spoken_week(every, days, count)
    if unit == "month" and (days or "BYMONTHDAY" in parts):
        return _spoken_month(every, parts, days) or rule
    if unit == "year" and count == 1 and "BYMONTH" in parts and not days:
        return _spoken_year(parts) or rule
    return every if not set(parts) - {"FREQ", "INTERVAL"} else rule


def _spoken_year(parts: dict[str, str]) -> str | None:
    months = [MONTHS[int(one) - 1].capitalize() for one in parts["BYMONTH"].split(",")]
    day = parts.get("BYMONTHDAY", "1")
    return f"every {' and '.join(f'{day} {month}' for month in months)}" if day.isdigit() else None


def _ordinal(number: int) -> str:
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _spoken_week(every: str, days: list[str], count: int) -> str:
    if days == list(_CODES[:5]):
        names = "weekday"
    else:
        said = [WEEKDAYS[_CODES.index(code)].capitalize() for code in days if code in _CODES]
        names = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return f"every {names}" if count == 1 else f"{every} on {names}"


def _spoken_month(every: str, parts: dict[str, str], days: list[str]) -> str | None:
    monthdays = [int(one) for one in parts.get("BYMONTHDAY", "").split(",") if one]
    position = parts.get("BYSETPOS")
    if monthdays == [-1]:
        return f"{every} on the last day"
    if position == "-1" and monthdays and monthdays[0] == _SHORTEST:  # see `_month_day`
        monthdays, position = monthdays[-1:], None
    if monthdays and position is None and min(monthdays) > 0:
        return f"{every} on the {' and the '.join(_ordinal(day) for day in monthdays)}"
    if days == list(_CODES[:5]) and position in ("1", "-1"):
        return f"{every} on the {_SAID_NTH[int(position)]} weekday"
    if len(days) == 1 and (match := re.fullmatch(r"(-?\d)([A-Z]{2})", days[0])) and int(match[1]) in _SAID_NTH:
        return f"{every} on the {_SAID_NTH[int(match[1])]} {WEEKDAYS[_CODES.index(match[2])].capitalize()}"
    return None
