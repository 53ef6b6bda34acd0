"""How people ask what is on their list."""

from __future__ import annotations

import re

from voice_agent.offline.brain import times
from voice_agent.offline.brain.wishes import Action, Wish, tidy

_EMBEDDED = re.compile(
    r"^(?:(?:please|can you|go|and|to|just|quickly|double) ?)*(?:(?:tell me|check|check LIST|check and|check and see|check to see|look|look and see|look at LIST to see|look to see|see|to see|confirm|verify|make sure"
    r"|let me know|find out|do you know|know|i(?:'d like| would like| need| want)? to know|i(?:'m| am)? ?(?:wonder|wondering|curious|not sure)|check LIST (?:to|and) see|look (?:on|in|at|through) LIST (?:to|and) see|remind me) )"
    r"(?:if|whether|that)(?: or not)? (?P<rest>.+)$",
    re.IGNORECASE,
)
_ANY = r"(?:a|an|any|the|some|my)"
_KIND = r"(?:notes?|tasks?|reminders?|entry|entries|items?|to-?dos?|things?|anything|something|stuff)"
_ABOUT = r"(?:to|for|about|called|named|saying|that says?|regarding|like|on|with|mentioning|involving)"
_MEMBERS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:did|have) (?:i|we) (?:already |ever )*(?:add(?:ed)?|put down|put|includ(?:e|ed)|written down|write down|note[d]?)(?: in)? (?P<q>.+?)(?: already| yet)?$",
        r"^(?:did|have) i (?:remember(?:ed)?|manage[d]?|forget|forgotten) to (?:add|put|include|write down|note|set a reminder (?:to|for)) (?P<q>.+?)(?: (?:on|to|in) LIST)?$",
        rf"^(?:is|are|was|were|do you see|do you have|have you got|has) (?:there )?(?:already |still )?(?:{_ANY} )?(?:{_KIND})(?: already)?(?: set(?: up)?| listed| noted)?(?: (?:on|in) LIST)? {_ABOUT} (?!LIST)(?P<q>.+?)(?: (?:on|in) LIST)?$",
        r"^(?:is|are|was|were|will|would|isn't|aren't|wasn't|has|have) (?!there (?:is|are|anything|any|something)\b)(?P<q>.+?) (?:be |been |added |put |already |still |currently |now |even |also |coming up |showing up |listed |included |written |noted |down |somewhere )*(?:on|in|part of|to|under|among) LIST(?:,? (?:still|already|yet|too|or not|right now))*$",
        r"^(?:do|did|have|had|haven't|didn't|don't) (?:i|we|you) (?:already |still |ever |remember to )*(?:have|had|put|add|added|included?|got|get|make|made|created?|set|write|wrote|written|noted?|placed?|request(?:ed)?|ask for|asked for|log|enter|remembered to (?:add|put))"
        rf"(?: up)?(?: {_ANY})?(?: (?:{_KIND}))?(?: set)?(?: (?:on|in|to) LIST)? (?:{_ABOUT} )(?!LIST)(?P<q>.+?)(?: (?:on|in|to|onto|from) LIST)?(?: yet| already)?$",
        r"^(?:do|did|have|had|haven't|didn't|don't) (?:i|we|you) (?:already |still |ever |remember to )*(?:have|had|put|add|added|included?|got|placed?|noted?|written|wrote|write|log|enter|list|listed) (?:down )?(?!an? (?:note|task|reminder|entry|item)s? (?:on|in|to) LIST)(?P<q>.+?) (?:on|in|to|onto) LIST(?: yet| already)?$",
        r"^(?:does|do|has|did) LIST (?:already |still |currently )?(?:have|has|include|contain|say|mention|list|show|got)(?: anything about| something about)? (?P<q>.+?)(?: (?:on|in) (?:it|there))?$",
        r"^(?:check|search|look (?:on|in|at|through|over)|scan|see|look up|go through|browse) (?:in |on |through )?LIST (?:for|to see if|and see if|to find|if it has)(?: there is| i have)? (?P<q>.+?)(?: (?:is|are) (?:listed|there|on it|on there|in there|on the list))?$",
        r"^(?:look for|search for|search|find|find me|check for|look up|show me|where is) (?P<q>.+?) (?:on|in) LIST$",
        r"^(?:am i|are we|was i) (?:still )?(?:supposed|meant|going|scheduled) to (?P<q>.+?)$",
        r"^(?:do|did) (?:i|we) (?:still )?(?:need|have|want) to (?P<q>(?!do\b).+?)$",
        r"^(?:is|are|was|were) (?P<q>.+?) (?:already |still |marked (?:as )?)*(?:done|finished|complete|completed|open|due|pending|outstanding|overdue|undone|late)(?: yet| already)?$",
        r"^(?:have|did) i (?:already |yet )?(?:finish(?:ed)?|complete[d]?|done?) (?P<q>.+?)(?: yet| already)?$",
        r"^(?:when|what day|what time (?=do|should|am|did|was))(?:'s| is| are|do i| do i (?:have|need) to| should i| am i supposed to| did i (?:say|plan|want) (?:i'd|to)?) (?P<q>.+?)(?: due| supposed to be done| on LIST)?$",
        r"^(?:find|show me|show|look up|search for|get|tell me about|what about) (?:the |my |any |all )?(?:tasks?|reminders?|items?|to-?dos?) (?:about|for|with|called|named|to|containing|mentioning|related to|regarding|tagged) (?P<q>.+)$",
    )
]
_STATED = re.compile(
    r"^(?P<q>.+?) (?:is|are|was|were)(?: still| already| currently)? (?:(?:on|in) LIST|listed|there)$", re.IGNORECASE
)
_UNNAMED = re.compile(
    r"^(?:there (?:is |are )?)?(?:anything|something|everything|any|any ?things?|nothing|stuff|much|a lot|more|anything else|what|all|any (?:tasks?|reminders?|items?|chores?|things?)(?: left)?|tasks?|reminders?|things?|items?"
    r"|anything (?:to do|left|else|new|planned|scheduled|important|urgent|due|for me|that is|that's)|LIST|do anything|do|it|they|there|i|you|to do|a|an|do (?:first|next|now))$",
    re.IGNORECASE,
)
_SHOW = r"(?:read|recite|repeat|tell|show|list|give|display|go|walk|run|recall|check|review|hear|see|view|say|state|remind (?:me|us) (?:of|about|what|which)|instruct|open|pull|bring|fetch|get|let|know|speak|print|look|what|which|whats|announce|name|summari[sz]e|describe|retrieve|load|present|share|call)"
_LISTING = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^(?:(?:i (?:want|need|would like|'d like|wish|have)(?: to)?|i'd like to|let me|let's|let us) )?{_SHOW}\b.*\bLIST\b(?<!off LIST)(?<!off of LIST)",
        r"^(?:i (?:want|need|would like|wish)|i'd like|give me) LIST(?: (?:read|told|please|now|recited|repeated|shown|listed|displayed)\b.*)?$",
        r"^(?:what|which|whats|how|when|where|who|do|does|did|is|are|am|any|anything|have|has|i wonder|will|got)\b.*\bLIST\b(?! (?:sorted|ordered|listed|organi[sz]ed|arranged|alphabet|shared|synced|saved|stored))",
        r"^(?:LIST|all|everything on|(?:the )?contents? of) ?(?:LIST)?(?: (?:is|are|says?) what)?(?:,? (?:just|read|back|out|to|for|now|again|so)\b.*)?$",
        r"\b(?:what|which|whats|anything|something|things?|tasks?|items?|stuff|what's)\b.*\b(?:(?:i|we) (?:still |yet )?(?:have|need|got|gotta|ought|am supposed|'m supposed|must|should|was supposed|were supposed|wanted|had|want|planned|plan|meant)(?: to)?|have (?:i|we) (?:yet |still |got )?to|should (?:i|we)|(?:do|did) (?:i|we)(?: still)? (?:have|need|want|wish|plan|got)(?: yet)?(?: to)?|am i supposed to|left to|yet to|else to)"
        r" (?:be doing|do|get done|be done|accomplish|complete|finish|remember|recall|bear in mind|keep in mind|not forget|take care of|handle|work on|get to|tackle|buy|pick up|know about)\b",
        r"\b(?:what|things?|stuff)\b.*\b(?:(?:i|we) (?:wanted|want|asked|told|asked you|told you|wished|needed)|did (?:i|we) (?:want|ask|tell|not want|wish|need|have))\b.*\b(?:remember|recall|forget|remind|reminded|mind|do|buy|get)\b",
        r"^i (?:wanted|needed|asked you|told you|asked) to (?:remember|recall|be reminded).*(?:what (?:was|were|is|are)|which)\b",
        r"^(?:(?:do|did|have|are|is) (?:i|there|we|you) (?:have |got |set )?(?:any|some|more)\b|(?:what|which|how many|show|list|read|tell me|any|see|hear|give|view|get|display|find|go over|go through|say|count|name|got|let me|open|pull up|bring up|do i have|have i got|are there|is there|i want|i need|i'd like)\b(?! (?:rid|time)\b)).*\b(?:tasks|reminders|to-?dos|to do's|chores|errands|deadlines?|items|things to do|stuff to do)\b(?! (?:list )?(?:app|server|tool)s?\b)",
        r"^(?:what|which|whats|what's|anything|show me what|tell me what|is anything|is there anything|do i have anything|anything else|show|list|who|give me (?:what|everything)|everything|see what|read)\b.*\b(?:due|overdue|past due|late|outstanding|pending|unfinished|incomplete|coming up|upcoming|on my plate|on (?:the|my) (?:agenda|schedule|docket|calendar for)|left to do|still open|still to do|planned|scheduled|urgent|high priority|left for|up next|in store)\b",
        r"\b(?:what|which|show|list|tell me|read)\b.*\b(?:i(?:'ve| have)?|have i|did i|has been|have been|that are|that is|are|is|was|the|were|all)\b.*\b(?:finished|completed|done|accomplished|complete|crossed off|checked off|ticked off|got done|get done|finish|ticked)\b",
        r"^(?:what(?:'s| is| are)?|do i have) (?:(?:on |in )?(?:my|the) )?(?:plans?|agenda|schedule|day)(?: look like)?\b",
        r"^(?:what(?:'s| is)?|what do i have|do i have anything|anything|do i have stuff|what have i got|what else(?: is there| do i have)?|how(?:'s| is| does) my day(?: looking| look)?|what(?:'s| is) (?:up|on|happening|left|next|going on)|what about|how about|and|is there anything(?: else)?|am i free|am i busy|what(?:'s| is) my day like|what does my day look like)(?: (?:on|for|planned|scheduled|going on|up|left|happening|next|to do|coming|left to do|i have|open|still|going|i've got|do i have))*$",
        r"^(?:what|which things?|whats) (?:was|am|were|are) (?:i|we) (?:still )?(?:supposed|meant|going|planning) to \w+(?: today| again)?$",
        r"^(?:go|run|walk me|take me|talk me) through (?:what|everything|all)\b.*",
        r"^(?:let me |i (?:want|need|would like|'d like) to |i'd like to )?(?:hear|see|know) (?:what|which|whats|everything)\b(?:'s|s| is| are| i have| i've got)?(?: (?:on|up|due|left|next|open|still open|planned|there))*$",
        r"^(?:(?:read|tell|show|list|give|say|name) )(?:me )?(?:them|it|those|these|all of them|everything)(?: all)?(?: (?:out|back|to me|again|aloud|out loud))*$",
        r"^(?:am i|are we) (?:behind|late|on track|on top of|done|finished|all set|all done|caught up|free|busy)\b.*$",
        r"^(?:the |my |all (?:my )?|open |current )*(?:tasks|reminders|to-?dos|list|chores)$",
        r"^(?:instruct|tell|show) me what(?: i (?:have|need)| i should| i'm supposed)? ?to do$|^what(?:'s| is| do i do| should i do| to do)(?: (?:next|now|first|left|up next|today|still open|remaining|still left))$|^what(?: have i)?(?: got)? to do$|^what now$|^what remains$|^what's (?:remaining|still to (?:do|come))$|^to do$",
    )
]
_SORTING = re.compile(r"\b(?:alphabetical(?:ly)?|sorted|in order|ordered|shared with|synced)\b", re.IGNORECASE)
_COUNT = re.compile(r"\b(?:how many|number of|count(?: up)?|how much)\b", re.IGNORECASE)
_STATUS = (
    (
        "overdue",
        re.compile(
            r"\b(?:overdue|past due|late|behind (?:on|with)|missed|should have (?:been )?done)\b", re.IGNORECASE
        ),
    ),
    ("upcoming", re.compile(r"\b(?:upcoming|coming up|coming|in store|ahead|deadlines?)\b", re.IGNORECASE)),
    (
        "all",
        re.compile(
            r"\b(?:(?:all|every|everything).*(?:including|even|both)|done and (?:open|not)|open and done|(?:open|finished) (?:or|and) (?:finished|open))\b",
            re.IGNORECASE,
        ),
    ),
    (
        "open",
        re.compile(
            r"\b(?:(?:not|n't|un)[- ]?(?:yet )?(?:been )?(?:done|finished|completed?)|unfinished|incomplete|yet to|still|left|open|pending|outstanding|remaining|remains?)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "done",
        re.compile(
            r"(?<!to be )(?<!get )(?<!be )\b(?:done|finished|completed|accomplished|crossed off|checked off|ticked off|have i (?:done|finished)|did i (?:finish|complete|get done|do|accomplish))\b",
            re.IGNORECASE,
        ),
    ),
)
_PLAIN_NEED = re.compile(
    r"\b(?:need|have|want|got|supposed|left|things|stuff|yet)(?: (?:to|i))* (?:do|get|be|complete|finish|accomplish)",
    re.IGNORECASE,
)


_ASKED = re.compile(r"^(?:so |and |then |ok )*(?:what|which|how|when|any|is|are|do|does|did|am|tell|show|read|give|list|let|say|see|hear|know|remind|got|have|i (?:want|need|wonder|would|'d)|i'd|anything|go)", re.IGNORECASE)
_EMPTY = frozenset(
    "what whats what's which how when is are do does did am was were be been being have has had got get gotten need want should must can could would will i i'm i've i'd me my we we've you the a an to of on in for at up"
    " left open still due coming next first last now again else more list tasks task reminders things thing stuff items everything anything something all any much many that there it look looks looking like going deck"
    " plate agenda schedule scheduled plan plans planned day deadlines deadline tell show give read say hear see know let go through over so about supposed done finished completed complete overdue late pending remaining"
    " remain urgent important priority high low wonder love just remind out back lined happening today's todays tomorrow's tonight's already yet this ahead store loaded busy free behind wait waiting".split()  # noqa: SIM905 - a table of words
)
_HINTS = frozenset("list tasks reminders due left overdue late pending remaining deck plate agenda schedule scheduled planned plans open done finished completed deadlines lined urgent ahead".split())  # noqa: SIM905 - likewise
_COMMANDS = re.compile(r"^(?:delete|remove|erase|clear|wipe|empty|cancel|mark|tick|cross|move|push|postpone|reschedule|rename|change|add|put|set|create|make|reopen|complete|finish|get rid|take|snooze|schedule|update|check off|scratch)\b", re.IGNORECASE)


def _status(text: str) -> str | None:
    for status, pattern in _STATUS:
        if pattern.search(text) and not (status == "done" and _PLAIN_NEED.search(text)):
            return status
    return None


def _listing(title: str, text: str, due: str | None) -> Wish | None:
    title = re.sub(r"^(?:i|we) (?:already )?(?:added|put|have|had|got) ", "", tidy(title))
    if _UNNAMED.match(title) or re.search(r"\b(?:anything|something)\b", title):
        return Wish(Action.LIST, due=due, status=_status(text), is_count=bool(_COUNT.search(text)), is_explicit=True)
    if re.search(r"\b(?:time is it|the time|weather|LIST)\b", title):
        return None
    asks_done = re.search(r"\b(?:done|finished?|completed?|still open)\b", text)
    return Wish(
        Action.LIST,
        (title,),
        due=due,
        status="all" if asks_done else None,
        is_explicit="LIST" in text or bool(re.search(r"remind|task", text)),
    )


def read_list(text: str) -> Wish | None:
    """A wish to hear tasks, of which `LIST` stands for the list; None where nothing of it sounds like one."""
    if _COMMANDS.match(text):
        return None
    rest, due = times.split(text)
    if embedded := _EMBEDDED.match(rest):
        if stated := _STATED.match(embedded["rest"]):
            return _listing(stated["q"], rest, due)
        inner = re.sub(r"^(there|it|i|we) (is|are|was|have|need|did|had|am) ?", r"\2 \1 ", embedded["rest"])
        inner = re.sub(r"^(have|need|had) (i|we) ", r"do \2 \1 ", inner)
        if found := read_list(inner):
            return Wish(
                Action.LIST, found.titles, due or found.due, found.status, is_count=found.is_count, is_explicit=True
            )
    for pattern in _MEMBERS:
        if (match := pattern.match(rest)) and (wish := _listing(match["q"], rest, due)):
            return wish
    if _SORTING.search(rest):
        return None
    for pattern in _LISTING:
        if pattern.search(rest) or (due and pattern.search(text)):
            explicit = bool(re.search(r"LIST|task|remind|to-?do|due\b|remember|chore", text, re.IGNORECASE))
            return Wish(
                Action.LIST, due=due, status=_status(text), is_count=bool(_COUNT.search(rest)), is_explicit=explicit
            )
    if _is_about_everything(rest, due):
        return Wish(Action.LIST, due=due, status=_status(text), is_count=bool(_COUNT.search(rest)), is_explicit=bool(re.search(r"LIST|due|to do", rest)))
    return None


def _is_about_everything(rest: str, due: str | None) -> bool:
    """Whether a question names no thing at all, only that there is something to do."""
    words = re.findall(r"[a-zA-Z']+", rest.lower())
    if not words or not _ASKED.search(rest) or not all(word in _EMPTY for word in words):
        return False
    return bool(due) or any(word in _HINTS for word in words)
