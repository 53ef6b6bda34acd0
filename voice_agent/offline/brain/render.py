"""Answers: what tools gave back, in a sentence or two for the ear. Nothing in it is ever read as a command."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from voice_agent.offline.brain.quantities import currency_of, figure, is_currency, measured, price_of
from voice_agent.offline.brain.results import Item, Output, name_of, read_output, told_in
from voice_agent.offline.brain.spoken import clock, count, for_the_ear, listing, moment, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.offline.brain.dialogue import Call

FIRST = 5
"""How many things of a list are named before the offer to go on."""
_LIST_WORDS = 27
"""Words of a list that is read aloud, before the offer to go on."""
_FEWEST = 2
"""Things that are named however long their names are."""
_MOST_WORDS = 45
_LINE = 60
"""As much of a line as can be listened to."""
_LEAD_WORDS = 4
"""A sentence of no more words only leads to what follows it."""
_MOSTLY = 0.7
_ERROR_NAME = re.compile(
    r"^(?:(?:tool )?error(?: executing tool [\w-]+)?|[A-Z]\w*(?:Error|Exception)|MCP error -?\d+)\s*[:\-]\s*",
    re.IGNORECASE,
)
_DULL = re.compile(
    r"(?:^|_)(?:id|uuid|ids|url|uri|cursor|hash|sha|token|etag|version|created|updated|created_at|updated_at|completed|is_dst|[a-z]+Type|type|object|self|href|mime|mimetype|offset|limit)s?$|Id$|ID$|At$|Url$",
    re.IGNORECASE,
)
_TELLING = ("message", "answer", "summary", "result", "text", "content")


def render(calls: Sequence[Call], now: datetime) -> str:
    """What is said once `calls` have come back."""
    said: list[str] = []
    for call in calls:
        output = read_output(call.output or "")
        if output.awaits_yes:
            continue
        sentence = render_error(output, now) if call.is_error else render_output(output, now)
        if sentence not in said:
            said.append(sentence)
    return _together(said)


def _together(said: list[str]) -> str:
    """Several answers as one, what is alike said once: “Marked milk and bread as done.”."""
    if len(said) < 2 or any(_MANY_SENTENCES.search(sentence) for sentence in said):  # noqa: PLR2004 - one needs no joining
        return " ".join(said)
    names = [match[0] if (match := _QUOTED.search(sentence)) else "" for sentence in said]
    frames = {sentence.replace(name, "\0", 1) if name else "" for sentence, name in zip(said, names, strict=True)}
    if len(frames) == 1 and (frame := frames.pop()):
        several = [*names[:FIRST], f"{number(len(names) - FIRST)} more"] if len(names) > FIRST else names
        return _PLURAL.sub(lambda verb: _PLURALS[verb[1]], frame).replace("\0", listing(several))
    starts = {sentence.split(" ", 1)[0] for sentence in said}
    rests = [sentence.rstrip(".").split(" ", 1)[1] for sentence in said if " " in sentence]
    if len(starts) == 1 and len(rests) == len(said) and not any(re.search(r"[:,?!]", rest) for rest in rests):
        return f"{starts.pop()} {listing(rests)}."
    return " ".join(said)


_MANY_SENTENCES = re.compile(r"[.?!] \S")
_QUOTED = re.compile(r"“[^”]+”")
_PLURALS = {"is": "\0 are", "has": "\0 have", "was": "\0 were"}
_PLURAL = re.compile(r"\0 (is|has|was)\b")


def render_error(output: Output, now: datetime) -> str:
    """An error as a tool words it, short."""
    prose = for_the_ear(_ERROR_NAME.sub("", output.prose), now)
    if not prose or re.search(r"Traceback|internal error|validation error|Exception", prose):
        return "Sorry, that didn't work."
    return _shortened(prose[0].upper() + prose[1:])


def render_output(output: Output, now: datetime) -> str:
    """A tool's answer in one or two sentences."""
    if _NUMBER.fullmatch(output.prose):
        return f"{figure(float(output.prose) if re.search('[.eE]', output.prose) else int(output.prose))}."
    if output.prose:
        prose = _prose(output, now)
        items = output.items or []
        if prose.endswith(":") and items:
            return render_items(items, now, head=prose.rstrip(":"), total=output.total)
        if prose and len(items) > 1 and len(prose.split()) <= _LEAD_WORDS and not told_in(prose, items):
            # “Here you are.” is no answer: what is there comes after it.
            return f"{prose} {render_items(items, now, total=output.total)}" if not re.search(r"\d", prose) else prose
        if prose:
            return prose
    if output.data is None:
        return "Done."
    return render_data(output.data, now, total=output.total)


_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,15})(?:\.\d+)?(?:[eE][-+]?\d{1,2})?")
"""A number alone; one that begins with noughts is a code."""


def _prose(output: Output, now: datetime) -> str:
    lines = [line.strip() for line in output.prose.splitlines() if line.strip()]
    if any(_KEYED.match(line) for line in lines):
        lines = [line for line in lines if not _CODE.match(line)]
    if not lines:
        return ""
    if len(lines) > 1 and lines[0][-1] in ".:" and all(_ROW.match(line) for line in lines[1:]):
        lines = [lines[0].rstrip(":")]
    if len(lines) > 3 and output.items is not None and len(output.items) > 1:  # noqa: PLR2004 - a few lines can be said
        return render_items(output.items, now, total=output.total)
    if len(lines) > 3 or (len(lines) > 1 and sum(map(len, lines)) > 200):  # noqa: PLR2004 - likewise
        return _lines(lines, now)
    if len(lines) > 1 and all(len(line.split()) <= 4 for line in lines):  # noqa: PLR2004 - names, not sentences
        return _some(lines, now)
    joined = for_the_ear(" ".join(line if line[-1] in ".!?:;," else f"{line}." for line in lines), now)
    return _listed(joined, output, now) if len(output.items or []) > 1 else _shortened(joined)


def _listed(prose: str, output: Output, now: datetime) -> str:
    """A tool's sentence over a list: told anew where it is long, with the offer to go on where it leaves some out."""
    items = output.items or []
    if len(prose.split()) > _LIST_WORDS:
        return _short_list(prose, output, now)
    is_cut = prose.endswith(" more.") and len(told_in(prose, items)) < len(items)
    return f"{prose} {OFFER}" if is_cut else prose


def _short_list(prose: str, output: Output, now: datetime) -> str:
    """A tool's long sentence over a list, told anew: how it opens, the first few things, and how it closes."""
    items = output.items or []
    opening, colon, rest = prose.partition(": ")
    names = [item.name.lower() for item in items]
    closing = [
        sentence
        for sentence in re.split(r"(?<=[.!?]) (?=[A-Z])", rest)[1:]
        if not any(name in sentence.lower() for name in names)
    ]
    head = opening if colon and len(opening.split()) <= _HEAD_WORDS else ""
    told = render_items(items, now, head=head, total=output.total)
    return " ".join([told.removesuffix(OFFER).rstrip(), *closing, *([OFFER] if told.endswith(OFFER) else [])])


_HEAD_WORDS = 12
OFFER = "Shall I go on?"


_KEYED = re.compile(r"^[\[{\s]*\"[^\"]*\"\s*:")
_CODE = re.compile(r"^\s*(?:[\[\]{}(),\s]+|[\[{\s]*\"[^\"]*\"\s*:.*|\"[^\"]*\",?)\s*$")
"""A line of JSON, whole or cut off."""
_ROW = re.compile(r"^[^,]*(?:,[^,]*){3,}$")
"""A line of a file of values between commas."""
_FIELD = re.compile(r"^(?P<key>[A-Za-z][A-Za-z _-]{0,24})[:=]\s*(?P<value>\S.*)$")


def _records(lines: list[str]) -> list[dict[str, Any]]:
    """“Key: value” lines as records; a key that comes again begins the next one."""
    records: list[dict[str, Any]] = []
    for line in lines:
        if match := _FIELD.match(line):
            if not records or match["key"].lower() in records[-1]:
                records.append({})
            records[-1][match["key"].lower()] = match["value"].strip("'\" ")
    return records


def _lines(lines: list[str], now: datetime) -> str:
    """Many lines: the heading, how many there are and the first few."""
    heading = for_the_ear(lines[0], now).rstrip(":") + ": " if lines[0].endswith(":") else ""
    records = _records(lines)
    if sum(map(len, records)) >= _MOSTLY * len(lines):
        names = [name for record in records if (name := record.get("message") or name_of(record))]
        if len(records) == 1 or not names:
            return _object(records[0], now)
        return heading + _some(names, now)
    rest = lines[1:] if heading else lines
    return heading + _some(rest, now)


def _some(names: Sequence[str], now: datetime) -> str:
    """The first few, and how many more."""
    spoken = [name for one in names if (name := for_the_ear(one, now).strip(" -=.,;"))]
    few = [name if len(name) <= _LINE else name[:_LINE].rsplit(" ", 1)[0] for name in spoken[:FIRST]]
    more = len(spoken) - len(few)
    return f"{listing([*few, f'{number(more)} more'] if more else few)}."


def _shortened(text: str) -> str:
    """The first sentences of `text`, as many as one listens to."""
    if len(text.split()) <= _MOST_WORDS:
        return text
    kept: list[str] = []
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        if kept and len(" ".join([*kept, sentence]).split()) > _MOST_WORDS:
            break
        kept.append(sentence)
    words = " ".join(kept).split()
    return " ".join(words) if len(words) <= _MOST_WORDS + 15 else " ".join(words[:_MOST_WORDS]) + ", and so on."


def render_items(
    items: Sequence[Item], now: datetime, *, head: str = "", start: int = 0, total: int | None = None
) -> str:
    """The head (how many there are, where None is given) and the first few names from `start` on, and how many more."""
    total = len(items) if total is None else max(total, len(items))
    if not items:
        return "I found nothing."
    if not head and not start and total > 1:
        head = count(total, "result").capitalize()
    shown: list[str] = []
    for item in items[start : start + FIRST]:
        name = _item(item, now)
        words = sum(len(one.split()) for one in [head, *shown, name])
        if len(shown) >= _FEWEST and words > _LIST_WORDS:
            break
        shown.append(name)
    left = total - start - len(shown)
    told = listing([*shown, f"{number(left)} more"] if left > 0 else shown)
    return f"{head}{': ' if head else ''}{told}.{f' {OFFER}' if left > 0 else ''}"


def _item(item: Item, now: datetime) -> str:
    due = next(
        (
            item.fields[key]
            for key in ("due", "due_date", "dueDate", "deadline", "start", "date")
            if isinstance(item.fields.get(key), str)
        ),
        None,
    )
    name = for_the_ear(item.name, now)
    if due:
        return f"{name} {moment(due, now)}"
    beside = price_of(item.fields) or _only_figure(item)
    return f"{name} {beside}" if beside else name


def _only_figure(item: Item) -> str | None:
    """What stands beside the name in a table of two columns, where it is a figure."""
    others = [(key, value) for key, value in item.fields.items() if value != item.name]
    if len(item.fields) != 2 or len(others) != 1:  # noqa: PLR2004 - two columns
        return None
    [(key, value)] = others
    return value if isinstance(value, str) and _FIGURE.fullmatch(value) and not _DULL.search(key) else None


_FIGURE = re.compile(r"[-+$€£]*\d[\d,.]*(?: ?(?:%|[a-zA-Z°²/]{1,5}))?")


def render_data(data: Any, now: datetime, *, total: int | None = None) -> str:
    """JSON as a short sentence."""
    if data is None or data in ({}, []):
        return "I found nothing." if data == [] else "Done."
    if not isinstance(data, dict | list):
        return _plain(data, now)
    items = Output("", data).items
    if items is not None and len(items) == 1 and items[0].fields and items[0].fields is not data:
        return _object(items[0].fields, now)
    if items is not None and (isinstance(data, list) or len(items) != 1):
        return render_items(items, now, total=total)
    if isinstance(data, list):
        things = cast("list[Any]", data)
        return _some([str(one) for one in things if not isinstance(one, dict | list)], now) if things else "Done."
    return _object(cast("dict[str, Any]", data), now)


def _plain(value: Any, now: datetime) -> str:
    if isinstance(value, bool):
        return "Yes." if value else "No."
    if isinstance(value, int | float):
        return f"{figure(value)}."
    return _shortened(for_the_ear(str(value), now)) or "Done."


def _object(fields: dict[str, Any], now: datetime) -> str:
    """The telling fields of one thing."""
    if isinstance(fields.get("datetime"), str) and isinstance(fields.get("timezone"), str):
        return _time_there(fields, now)
    nested = [cast("dict[str, Any]", value) for value in fields.values() if isinstance(value, dict)]
    if len(nested) > 1 and all(isinstance(part.get("datetime"), str) for part in nested[:2]):
        return _time_there(nested[-1], now)
    if len(nested) == 1 and len(fields) <= 2:  # noqa: PLR2004 - only a wrapper
        return render_data(nested[0], now)
    telling = next((value for key in _TELLING if isinstance(value := fields.get(key), str) and value), None)
    if telling:
        return _shortened(for_the_ear(telling, now))
    name = name_of(fields)
    code = currency_of(fields) if price_of(fields) else None
    kept = {key: value for key, value in fields.items() if _tells(key, value) and value != name}
    told = [(key, value) for key, value in kept.items() if not (code and is_currency(key, value))]
    facts = ", ".join(_fact(key, value, now, code) for key, value in told[:3])
    if name and not facts:
        facts = next((f"{_words(key)} unknown" for key, value in fields.items() if value is None), "")
    if name and facts:
        return f"{for_the_ear(name, now)}: {facts}."
    return f"{name or facts or 'Done'}."


def _tells(key: str, value: Any) -> bool:
    """Whether a field is worth saying: no ids, no addresses, nothing empty."""
    return value not in (None, "", [], {}) and not isinstance(value, dict) and not _DULL.search(key)


def _words(key: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", key).lower()


def _fact(key: str, value: Any, now: datetime, currency: str | None) -> str:
    """One field in words: its name and its value; whole sentences speak for themselves."""
    name = _words(key)
    if isinstance(value, bool):
        return f"{name} {'yes' if value else 'no'}"
    if isinstance(value, int | float):
        return " ".join(measured(key, value, currency))
    if isinstance(value, list):
        things = cast("list[Any]", value)
        plain = [for_the_ear(str(one), now) for one in things if isinstance(one, str | int | float)]
        if any(" " in one for one in plain):
            return listing(plain[:3])
        return f"{name} {listing(plain[:3]) or count(len(things), 'entry', 'entries')}"
    return f"{name} {for_the_ear(str(value), now)}"


def _time_there(fields: dict[str, Any], now: datetime) -> str:
    try:
        when = datetime.fromisoformat(str(fields["datetime"]))
    except ValueError:
        return "Done."
    zone = str(fields.get("timezone", ""))
    place = "" if zone == getattr(now.tzinfo, "key", None) else zone.rsplit("/", 1)[-1].replace("_", " ")
    return f"It's {clock(when.time())} on {when:%A}{f' in {place}' if place else ''}."
