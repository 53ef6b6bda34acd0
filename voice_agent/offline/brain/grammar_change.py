"""How people tick off, change, delete and clear tasks."""

from __future__ import annotations

import re

from voice_agent.offline.brain import times, verbs
from voice_agent.offline.brain.wishes import Action, Wish, is_nothing, is_reference, several, tidy


def _all(*patterns: str) -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]


_OFF = r"(?:off(?: of| from)?|from|out of|of)"
_DONE = r"(?:done|finished|complete|completed|as (?:being )?(?:done|finished|complete|completed)|off|taken care of|sorted|dealt with|handled|over(?: and done)? with|resolved|closed)"
_ALREADY = r"(?:(?:have |'ve |had |just |already |finally |now |actually |also )*)"
_COMPLETE = _all(
    rf"^(?:mark|set|check|tick|flag|make|consider|call|count|get|log|record|note|put|call|show|update) (?:off )?(?P<q>.+?)(?: (?:on|in) LIST)? (?:is |are |to |has been |have been )?{_DONE}(?: (?:on|in|from|of) LIST)?$",
    r"^(?:mark|set|check|tick) (?:as )?(?:done|complete|completed|finished|off):? (?P<q>.+)$",
    rf"^(?:cross|check|tick|mark|strike) (?:off|out) (?:the )?(?P<q>.+?)(?: {_OFF} LIST)?$",
    rf"^(?:cross|check|tick|mark) (?P<q>.+?) (?:off|out)(?: (?:of )?LIST| from LIST)?$",
    r"^(?:cross|check|tick) (?P<q>.+?) (?:on|from) LIST$",
    rf"^(?:i|we)(?:'m|'re| am| are|m) {_ALREADY}(?:done|finished|through|all done) (?:with |doing )?(?P<q>.+)$",
    rf"^(?:all )?{_ALREADY}(?:all )?(?:done|finished|through) with (?P<q>.+)$",
    rf"^(?:i|we) ?{_ALREADY}(?:completed|finished|took care of|taken care of|dealt with|handled|got done with|knocked out|wrapped up|accomplished|got through|ticked off|crossed off) (?:with |doing |up )?(?P<q>.+)$",
    rf"^(?:i|we) ?{_ALREADY}(?:got|gotten|have) (?P<q>.+) (?:done|finished|out of the way|over with|taken care of|sorted)$",
    rf"^(?P<q>(?!i\b|what|which|how|is\b|was\b|are\b|it's not).+?)(?:'s| is| are|'re| has been| have been| was| were| got) {_ALREADY}(?:all )?{_DONE}(?: and dusted)?$",
    r"^(?P<q>(?!i\b|what|which|how|is\b|not\b|get\b|be\b|all\b|i'm|we're).+?),? (?:is )?(?:done|finished|completed|check)$",
    rf"^(?:(?:i|we) ?)?{_ALREADY}(?:got back|came back|been back|am back|'m back|back|returned|get back)(?: home)? from (?P<q>.+)$",
    r"^(?:complete|finish|close(?: out)?|tick|check|resolve|conclude|wrap up) (?:off )?(?P<q>.+?)(?: (?:on|in|from) LIST)?$",
    r"^(?:that's |it's )?(?:done|finished|completed?)[,:]? (?P<q>.+)$",
    rf"^(?:i|we) (?:don't|do not|no longer) (?:have|need) to (?P<q>.+?) (?:any ?more )?because i(?:'ve| have) (?:already )?(?:done|did) (?:it|that|so)$",
)
_PAST = re.compile(rf"^(?:i|we) ?{_ALREADY}(?P<verb>\w+)(?P<rest> .+)$", re.IGNORECASE)
_PAST_BARE = re.compile(r"^(?:already |just |finally )*(?P<verb>\w+)(?P<rest> (?!to\b).+)$", re.IGNORECASE)
_NO_NEWS = re.compile(r"^(?:did|do|does|is|are|was|were|have|has|can|could|will|what|which|how|who|when|where|why|should|delete|remove|clear|erase|wipe|get rid|show|list|read|tell|remind|add|put|move|push|postpone|reschedule|rename|change|don't|cancel)\b(?! (?:that|it) (?:down )?as\b)(?!.*\b(?:is|as) (?:now )?(?:done|complete|completed|finished)$)|^(?:is|are|did|do|have|has|what|which|show|list|delete|remove|clear|get rid)\b", re.IGNORECASE)
_SAME_IN_THE_PAST = frozenset({"put", "cut", "set", "read", "let", "shut", "left", "felt", "saw", "found", "hung", "feed", "need", "held", "wound"})
_PASSIVE = re.compile(
    r"^(?P<q>(?:the |my |our )?[\w' -]+?)(?:'s| is| are| was| were| has| have)(?: been| now| all| already)* (?P<verb>\w+ed|paid|sent|bought|fed|written|made|built|sold)(?: now| already)?$",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(
    r"^(?:i|we) (?:wanted|needed|asked|planned|wished|liked|loved|hoped|used|wondered|hated|supposed|missed|figured|decided|changed|lied|tried|said|told|thought|met|felt|(?:got|had|have|'ve got) to|(?:was|were|am|forgot|remembered|meant) (?:to|that))\b",
    re.IGNORECASE,
)
_REOPEN = _all(
    r"^(?:re-?open|un-?check|un-?mark|un-?tick|uncomplete|un-?cross|restore|reactivate|reinstate) (?P<q>.+?)(?: (?:on|in) LIST)?$",
    r"^(?:mark|set|flag) (?P<q>.+?) (?:as )?(?:not (?:yet )?(?:done|complete|completed|finished)|un(?:done|finished|completed?)|incomplete|open(?: again)?|to do again|pending|active)$",
    r"^(?:i|we) (?:haven't|have not|didn't|did not)(?: actually| really| yet)? (?:finish(?:ed)?|done?|complete[d]?) (?P<q>.+?)(?: yet| after all| actually)?$",
    r"^(?P<q>.+?) (?:isn't|is not|wasn't|was not|aren't|are not)(?: actually| really| yet)? (?:done|finished|complete|completed)(?: yet| after all)?$",
    r"^(?:put|add|bring|move) (?P<q>.+?) back(?: (?:on|onto|to|in) LIST)?$",
)
_WIPE = r"(?:delete|clear|wipe|erase|empty|remove|cancel|nuke|reset|purge|trash|dump|scrap|scratch|discard|drop|destroy|kill|bin|flush|get rid|throw away|throw out|take|clean|toss|blank|eliminate|ditch|forget|cross off|start)"
_EVERY = r"(?:all(?: of)?(?: the| my| those)?|every(?: single)?|everything(?: that(?:'s| is))?|the whole|the entire|any|each)"
_CLEAR = _all(
    rf"^{_WIPE}(?: out| off| up| away| down| of| over| clean| fresh)?(?: {_EVERY})?(?: (?:of|on|in|from|off|off of|to))*(?: the)?(?: (?:items?|things?|tasks?|contents?|entries|entry|stuff|reminders|chores|one))?(?: (?:that is|that are|that i have|i have))?(?: (?:of|on|in|from|off|off of|out of))* ?LIST(?: (?:clean|completely|entirely|over|out|off|up|blank|empty|from scratch|away|and start over))*$",
    rf"^{_WIPE}(?: out| off| up| of| away)? (?:{_EVERY} |the |my |these |those )+(?:of )?(?:the |my )?(?:tasks?|reminders?|items?|to-?dos?|chores?|things?|entries|errands|of them|of it)(?: (?:i have|that i have|there|at once))?(?: (?:on|in|from|off) LIST)?$",
    r"^make LIST (?:blank|empty|clean|clear)$|^start (?:LIST )?(?:over|afresh|from scratch)(?: with)?(?: (?:a )?(?:new|clean|fresh|empty|blank) (?:list|LIST))?$|^(?:i want|give me) (?:a|an) (?:clean|empty|blank|new|fresh) (?:list|LIST|slate)$",
    rf"^{_WIPE}(?: out| off| up| of)? (?:{_EVERY})$|^(?:delete|clear|remove|erase|wipe) (?:them all|it all|all)$",
)
_CLEAR_SOME = re.compile(
    rf"^{_WIPE}(?: out| off| up| of| away)? (?:{_EVERY} |the |my |all |of )*(?P<which>(?:already )?(?:finished|completed?|done|overdue|old|past due|expired|open|unfinished|checked off|crossed off|ticked off|late|incomplete|outstanding|pending))(?: (?:tasks?|reminders?|items?|to-?dos?|chores?|things?|ones?|entries|stuff|LIST))?(?: (?:on|in|from|off|off of|out of) LIST)?$"
    rf"|^{_WIPE}(?: out| off| up| of| away)? (?:{_EVERY} |the |my |all |of |LIST )*(?:tasks?|reminders?|items?|to-?dos?|things?|stuff|ones|what|chores)?(?: (?:on|in|from) LIST)? ?(?:that(?:'s| has| have| is| are)? ?)?(?:i(?:'ve| have)?|are|is|that's|was|were|have been|has been|been)?(?: already| all| been)? ?(?P<then>finished|completed?|done|overdue|past due|late|open)(?: (?:on|in|from|off) LIST)?$",
    re.IGNORECASE,
)
_DELETE = _all(
    rf"^(?:delete|remove|erase|drop|take|scratch|strike|cancel|pull|kick|kill|cut|clear|wipe|get|cross|bump|knock|trash|scrap) (?P<q>.+?) {_OFF} (?:of )?LIST$",
    r"^(?:delete|remove|erase|trash|discard|scrap|get rid of|dump|ditch|nix|bin|scratch|toss|eliminate|kill|drop) (?P<q>.+?)(?: (?:on|in|from) LIST)?$",
    r"^(?:cancel|forget|dismiss|skip|never ?mind|stop|turn off|call off)(?: about)? (?:the |my |that |this )?(?P<q>(?:task|reminder|item|to-?do)\b.*|.+ (?:task|reminder|item|to-?do))$",
    r"^(?:cancel|call off|forget about|never ?mind about|scratch) (?P<q>.+)$",
    r"^(?:i|we) (?:don't|do not|no longer|won't|needn't|don't actually) (?:have to|need to|want to|need|want)? ?(?P<q>(?!know\b|understand\b|care\b|think\b|like\b|hear\b|want\b).+?)(?: any ?more| any longer| after all| on LIST(?: any ?more)?| now)$",
    r"^take (?P<q>.+?) off$",
    r"^(?:i|we) (?:no longer|don't) (?!want to forget)(?:have|need|want|wish) (?:to )?(?P<q>(?!know\b|understand\b|think\b|have\b|hear\b|see\b|you\b|help\b|remember\b|forget\b|miss\b).+)$",
    r"^(?P<q>.+?) (?:is|are|was|has been|got) (?:cancel+ed|called off|no longer (?:needed|necessary|happening|on))$",
    r"^stop reminding me (?:to|about|of) (?P<q>.+)$|^don't remind me (?:to|about|of) (?P<r>.+?)(?: any ?more)?$",
)
_MOVE = r"(?:move|push|postpone|delay|reschedule|re-schedule|bump|shift|defer|snooze|change|switch|set|make|put off|put|bring|pull|update|adjust|edit|schedule|slide|extend|have|do)"
_DATE_OF = r"(?:the )?(?:due date|due time|date|deadline|time|day|due|reminder time|schedule|reminder)(?: (?:of|for|on|to|from))?"
_UPDATE_TIME = _all(
    rf"^(?:change|move|set|update|switch|push|adjust|edit|make|shift|reset|modify|extend) {_DATE_OF} (?:the |my )?(?P<q>.+?)(?: back| forward| up)?(?: (?:to|until|till|for|from|as|be|on|at))*$",
    rf"^(?:change|move|set|update|switch|push|shift|extend) (?:the |my )?(?P<q>.+?)(?:'s)? (?:due date|deadline|date|time|due time)(?: (?:to|until|till|for|as|be|on|at))*$",
    r"^(?:push|move|bump|shift|put|pull|bring|slide) (?:back|off|up|out|forward|over) (?P<q>.+?)(?: (?:to|until|till|for|on|by))*$",
    r"^(?:postpone|delay|reschedule|re-schedule|defer|snooze|move|push|bump|shift|slide|change|switch|extend|update) (?P<q>.+?)(?: (?:back|forward|out|up|over|off|instead|along))*(?: (?:to|until|till|for|on|by|from|at|it))*(?: (?:back|instead))?$",
    r"^(?:make(?! sure)|set|put|have|mark) (?P<q>.+?)(?: task| reminder)?(?: (?:to|for|on|at|by|be|is|as|due|until))*(?: instead)?$",
    r"^(?P<q>(?!i\b|it is|is\b|what|which|remind|add|remember|note|tell|let|show|how|who|where|when|do\b|does|can\b|any).+?)(?:'s| is| are| was| got| has been| should be| needs to be| must be| will be| can be| has to be)(?: (?:now|actually|moved|rescheduled|due|changed|postponed|pushed|to|on|at|for|back|instead|until|done))*$",
    r"^(?:let's )?(?:do|make|say) (?P<q>it|that)(?: instead)?$",
)
_RENAME = _all(
    r"^(?:rename|retitle|re-name|reword|relabel|rephrase) (?P<q>.+?) (?:to|as|into) (?P<new>.+)$",
    r"^(?:change|update|edit|set) (?:the )?(?:title|name|text|wording|description)(?: (?:of|for|on))? (?P<q>.+?) (?:to|as|into|so it says) (?P<new>.+)$",
    r"^call (?P<q>.+?) (?P<new>[\w ]+) instead$",
    r"^(?:replace|swap|substitute) (?P<q>.+?) (?:with|by|for) (?P<new>.+)$",
    r"^(?:change|switch|update|edit|correct|make|fix|modify|turn) (?P<q>.+?) (?:to say|to read|say|so it says|into|to be|to) (?P<new>.+)$",
    r"^(?P<q>.+?) should (?:be called|say|read) (?P<new>.+)$",
)
_PRIORITY = r"(?P<p>(?:top|very )?high(?:est)?|low(?:est)?|medium|normal|urgent|important|critical)"
_SET_PRIORITY = _all(
    rf"^(?:make|mark|set|flag|give|change|put|move)(?: the)? (?P<q>.+?)(?: (?:as|to|a|at|is|on))*(?: (?:be|priority (?:to|of|as)))? {_PRIORITY}(?: priority)?$",
    rf"^(?:set|change|raise|lower|make|update)(?: the)? priority (?:of|for|on) (?P<q>.+?) (?:to|as) {_PRIORITY}$",
    rf"^(?P<q>(?!what|which|is\b|are\b).+?) (?:is|are|should be) (?:a )?{_PRIORITY}(?: priority)?$",
)
_NOTE = re.compile(
    r"^(?:add|attach|put|write|make|leave)(?: a| the)? (?:note|comment|detail|description)s? (?:to|on|for|about) (?P<q>.+?)(?:,? (?:saying|that says|that|with|which says|to say)|[:,]) (?P<n>.+)$",
    re.IGNORECASE,
)
_TAG = re.compile(r"^(?:tag|label|categori[sz]e|file) (?P<q>.+?) (?:as|with|under) (?P<tag>[\w -]+)$", re.IGNORECASE)


def _explicit(text: str) -> bool:
    return bool(re.search(r"LIST|\b(?:tasks?|remind\w*|to-?dos?|chores?|due)\b", text, re.IGNORECASE))


def read_complete(text: str) -> Wish | None:
    """A wish to tick off tasks, or news that they are done."""
    rest, _ = times.split(text)
    if _NO_NEWS.match(text):
        return None
    for whole in (text, rest):
        for pattern in _COMPLETE:
            if match := pattern.match(whole):
                return _completed(match["q"], text, explicit=bool(re.search(r"\b(?:mark|cross|check|tick)\b", whole)))
    if _NOT_DONE.match(rest):
        return None
    if (match := _PAST.match(rest)) and match["rest"].startswith(" to "):
        return None
    match = _PAST.match(rest) or _PAST_BARE.match(rest)
    if match and match["verb"].lower() not in (_SAME_IN_THE_PAST if not _PAST.match(rest) else ()) and verbs.base(match["verb"]):
        done = verbs.undo_past(f"{match['verb']}{match['rest']}".strip()) or ""
        return _completed(re.sub(r"\b(?:already|just|now|up and)$", "", done).strip(), text)
    if (
        (match := _PASSIVE.match(rest))
        and (verb := verbs.base(match["verb"]))
        and verb not in {"cancel", "call", "name", "schedule", "suppose", "need", "move", "change"}
    ):
        return _completed(verbs.strip_getting(f"{verb} {match['q']}"), text)
    return None


def _completed(title: str, text: str, *, explicit: bool = False) -> Wish | None:
    title = tidy(times.split(title)[0] if not is_reference(title) else title)
    title = re.sub(r"^(?:off|with|doing) ", "", title)
    whole_list = title == "LIST" or bool(re.match(r"^(?:everything|all(?: of it)?)(?: (?:on|in) LIST)?$", title))
    if title and not whole_list and verbs.undo_past(title) and not is_reference(title):
        title = verbs.undo_past(title) or title
    if re.match(r"^(?:what|how|who|why|when|where|LIST (?:with|about))\b", title):
        return None
    parts = () if whole_list or (is_nothing(title) and not is_reference(title)) else several(title)
    titles = tuple(verbs.undo_past(part) or part for part in parts)
    return Wish(Action.COMPLETE, titles, is_explicit=explicit or _explicit(text))


def read_reopen(text: str) -> Wish | None:
    """A wish to have a done task back among the open ones."""
    rest, _ = times.split(text)
    for pattern in _REOPEN:
        if match := pattern.match(rest):
            return Wish(Action.REOPEN, several(tidy(match["q"])), is_explicit=True)
    return None


def read_clear(text: str) -> Wish | None:
    """A wish to delete all tasks, or all of one kind."""
    if match := _CLEAR_SOME.match(text):
        which = (match["which"] or match["then"]).lower()
        status = (
            "overdue"
            if re.search("overdue|past due|expired|late", which)
            else "open"
            if re.search("open|unfinished|incomplete|outstanding|pending", which)
            else "done"
        )
        return Wish(
            Action.CLEAR,
            status=status,
            is_explicit=bool(re.search(r"LIST|tasks?|remind|to-?do|chore|items?|things|ones", text)),
        )
    if any(pattern.match(text) for pattern in _CLEAR):
        return Wish(
            Action.CLEAR,
            status="all",
            is_explicit=_explicit(text) or bool(re.search(r"items|things|everything|all", text)),
        )
    return None


def read_delete(text: str) -> Wish | None:
    """A wish to delete tasks."""
    rest, due = times.split(text)
    for pattern in _DELETE:
        match = pattern.match(text) or pattern.match(rest)
        if match is None:
            continue
        title = tidy(match["q"] or match.groupdict().get("r") or "")
        bare, due = times.split(title) if not is_reference(title) else (title, due)
        title = bare if bare else title
        titles = () if is_nothing(title) and not is_reference(title) else several(title)
        return Wish(Action.DELETE, titles, is_explicit=_explicit(text))
    return None


def read_update(text: str) -> Wish | None:
    """A wish to change when a task is due, its title, priority, notes or tag."""
    if match := _NOTE.match(text):
        return Wish(Action.UPDATE, (tidy(match["q"]),), notes=match["n"].strip(), is_explicit=True)
    if match := _TAG.match(text):
        return Wish(Action.UPDATE, (tidy(match["q"]),), tag=tidy(match["tag"]), is_explicit=_explicit(text))
    for pattern in _SET_PRIORITY:
        if match := pattern.match(text):
            level = match["p"].lower()
            priority = (
                "high" if re.search("high|urgent|important|critical", level) else "low" if "low" in level else "normal"
            )
            return Wish(Action.UPDATE, (tidy(match["q"]),), priority=priority, is_explicit=_explicit(text))
    for pattern in _RENAME:
        if (
            (match := pattern.match(text))
            and not times.is_only_time(match["new"])
            and not re.match(_DATE_OF, match["q"], re.IGNORECASE)
        ):
            new = tidy(match["new"])
            if re.match(r"^(?:list|file|directory)", new) or not new or "LIST" in match["q"]:
                continue
            return Wish(
                Action.UPDATE,
                (tidy(match["q"]),),
                new_title=new,
                is_explicit=_explicit(text) or text.lower().startswith("rename"),
            )
    return _read_new_time(text)


def _read_new_time(text: str) -> Wish | None:
    target = re.search(r"^(?P<head>.+?\b(?:to|until|till|for|from .+? to)) (?P<when>.+)$", text, re.IGNORECASE)
    rest, due = times.split(text)
    if target and times.is_only_time(target["when"]) and not times.is_only_time(target["head"]):
        _, due = times.split(target["when"])
        named, _ = times.split(target["head"])
        rest = named if re.search(r"\w \w", named) else target["head"]
    if due is None and (later := re.match(r"^(?:snooze|postpone|delay|put off|defer) .+ (?P<span>(?:for|by) (?P<words>.+))$", text, re.IGNORECASE)) and times.is_only_time(f"in {later['words']}"):
        rest, due = text[: later.start("span")].strip(), f"in {later['words']}"
    for pattern in _UPDATE_TIME:
        match = pattern.match(rest)
        if match is None:
            continue
        strong = re.match(
            r"^(?:move|push|postpone|delay|reschedule|re-schedule|defer|snooze|bump|shift|extend|change|set) ",
            rest,
            re.IGNORECASE,
        )
        title = re.sub(rf"^{_DATE_OF} (?:the |my )?", "", tidy(match["q"]))
        if (
            (due is None and not (strong and not re.match(r"change|set|extend|shift", strong[0])))
            or is_nothing(title)
            and not is_reference(title)
        ):
            continue
        if (
            re.match(r"^(?:make|set|put|have|schedule|plan|mark)\b", rest)
            and not is_reference(title)
            and re.match(
                r"^(?:a|an|up|me|new|reminder|some)\b|.*\b(?:reminder|alarm|timer|appointment|LIST)\b",
                match["q"],
                re.IGNORECASE,
            )
        ):
            continue
        return Wish(Action.UPDATE, (title,), due=due, is_explicit=_explicit(text))
    return None
