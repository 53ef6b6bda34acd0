"""How people ask to be reminded and put things on their list."""

from __future__ import annotations

import re

from voice_agent.offline.brain import times
from voice_agent.offline.brain.wishes import Action, Wish, is_nothing, several, starts_with_verb, tidy

_PUT = r"(?:add|put|place|include|write|note|jot|stick|throw|get|enter|insert|log|record|create|make|set|save|append|pop|drop|chuck|list|have|want|need|slap|toss|schedule|register|pencil)(?: down| in| up)?"
_MAKE = r"(?:set|make|create|add|open|put|start|schedule|give|give me|send me|leave me|get me|get|need(?! to do)|want(?! to do)|have|place|enter|register|would like|'d like|do|new|take|write|log|record|throw in|jot down|save|file|prepare|produce|generate|insert|include|arrange|get)"
_KIND = r"(?:reminders?|tasks?|to-?dos?|to do'?s?|to-?do items?|list items?|entry|note to self|action items?|chores?|nudges?|heads up|prompts?|note(?= (?:to|for me|that i)\b))"
_TO = r"(?:to remind me (?:to|about|of|that)|so (?:that )?i (?:remember|don't forget|can remember|won't forget)(?: to| about)?|that (?:i|we) (?:need|have|want|ought|must|should|am supposed)(?: to)?|which says|that says|saying|called|named|titled|labeled|labelled|about|regarding|for me to|for myself to|to|for|of|that|named)"


def _all(*patterns: str) -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]


_FORMS = _all(
    r"^make sure (?:that )?(?:i|we) (?:remember to |don't forget to |don't forget )?(?P<t>.+)$",
    r"^(?:(?:i|we)(?:'ve got| have got|'ve| have| got) (?:a |an |the )?|there(?:'s| is) (?:a |an |the )?)(?P<t>.+?),? (?:so |and |please |can you )*(?:remind me(?: of it| about it| about that)?|(?:put|add) (?:it|that|this) (?:on|to|in) LIST|don't let me forget(?: it)?)$",
    r"^(?P<t>(?:a |an |new )*(?:very )?(?:high|low|top|urgent|important)(?: priority)? (?:task|reminder|to-?do)[:,]? .+)$",
    # the task's own clause first, then “put it on my list”, “remind me of it”
    r"^(?!remind)(?:(?:i|we) (?:have to|need to|must|should|gotta|got to|want to|'ve got to|have got to|ought to|'ll need to|need|will need to|just [a-z]+) )?(?P<t>(?!put\b|add\b|remind\b|set\b|create\b).+?)(?:,? (?:and |so |then )?(?:please |can you |could you |just )*(?:put|add|place|include|stick|get|write) (?:it|that|this|them)(?: down)?) (?:on|to|onto|in|into) LIST$",
    rf"^remind me (?:to |about |of |that )?(?P<t>.+?),? (?:and |so |then )?(?:please )?(?:put|add|place|include|stick) (?:it |that |this )?(?:on|to|onto|in) LIST$",
    rf"^(?:i|we|the|my|it)\b.+? (?:please )?remind me (?:to|about|of) (?P<t>.+)$",
    rf"^(?:remind|ping|nudge|notify|alert|prompt|poke|tell|ask) (?:me|us|myself|my)(?: again)? to (?:remember to |not forget to |add (?=.+LIST))?(?P<t>.+)$",
    rf"^(?:remind|ping|nudge|notify|alert|prompt) (?:me|us|myself)(?: again)? (?:about|of|for|regarding|that (?:i|we) (?:have|need|want|should|must|ought)(?: to)?|when|that|on|at|not to forget(?: to| about)?)(?: the need to)? ?(?P<t>.*)$",
    rf"^remind (?:me|us)(?P<t>.*)$",
    rf"^(?:on|to|in|into|onto|for) LIST,? (?:please )?{_PUT}:? (?P<t>.+)$",
    rf"^{_PUT} (?:to|on|onto|in|into) LIST[:,]?(?: that (?:i|we) (?:need|have|should|must)(?: to)?| to| the following:?)? ?(?P<t>.+)$",
    rf"^{_PUT}(?: (?:a|an|another|new|one|the))*(?: (?:new )?{_KIND}| item| thing)(?: (?:to|on|onto|in|into) LIST)(?:,? {_TO}|[:,])? (?P<t>.+)$",
    rf"^(?:i |we )?(?:'d like |would like |want |need )?(?:to )?{_PUT} (?P<t>.+?),? (?:to be |be )?(?:put |added |placed |included |written |noted |listed |down )*(?:as (?:a |an )?(?:new )?(?:task|item|to-?do|entry) )?(?:to|on|onto|in|into|for|with|under|among|upon|at the top of|at the end of|of) LIST(?: (?:too|again|now))*$",
    rf"^(?:i|we) (?:need|want|would like|'d like) (?P<t>.+?),? (?:to be )?(?:put|added|placed|included|written|noted) (?:down )?(?:to|on|onto|in|into) LIST$",
    rf"^(?P<t>.+?) (?:needs to|should|must|has to|ought to|can|could) (?:be|go) (?:put |added |placed |included )?(?:on|to|onto|in) LIST$",
    rf"^LIST (?:needs|should (?:have|include)|is missing) (?P<t>.+)$",
    rf"^(?:don'?t forget to )?(?:i |we |i'd |i'll |may i |can i |could i |how about |what about |would it be possible to |need to |want to |like to |have to )*(?:{_MAKE} )?(?:up )?(?:(?:me|a|an|another|new|the|one|quick|some|my|in) )*{_KIND}(?: for (?:me|myself|us)\b)?(?:,? (?:set(?: up)?|please|to be set|made|created|up))*(?: (?:on|to|in|onto) LIST)?(?:(?:,? {_TO}\b|[:,-]| i (?:need|have) to(?: remember to)?|(?= \w))(?: (?:remind|tell) me(?: (?:to|about|of))?)?(?: (?:remember to|not forget to))? ?(?P<t>.*)|(?P<rest>))$",
    rf"^(?:new )?{_KIND}(?: (?:to|for|about)|[:,-])? (?P<t>.+)$",
    r"^(?:(?:don'?t|do not|never|please don't) let me forget|(?:i )?(?:do not|don'?t|can'?t|cannot|mustn't|must not|better not|shouldn't) (?:want to )?(?:let me )?forget|help me (?:to )?remember|make sure (?:that )?i (?:remember|don't forget)?|(?:i )?(?:have to|need to|must|should|want to|got to|gotta) (?:remember|be reminded|not forget|get reminded)|get me to remember|(?:i )?(?:want|need|would like|'d like) (?:to be|to get|be|get) reminded|remember|be reminded|get reminded)(?: to| about| of| that (?:i|we) (?:need|have|must|should)(?: to)?| that| for)? ?(?P<t>.*)$",
    r"^(?:i|we)(?:'ll| will| also| still| really)* (?:need|want) (?:a|an|another) reminder ?(?P<t>.*)$",
    r"^note (?:to self|that i (?:need|have) to|down)[:,]?(?: to| that i (?:need|have) to)? ?(?P<t>.+)$",
    r"^(?:tell|make) me (?:to |remember to )(?P<t>.+)$",
)
_NEED = _all(
    r"^(?:i|we)(?:'ll| will| also| still| really| just| probably| definitely|'d| would| do|'ve| have)* (?:need to|have to|must|should|gotta|got to|have got to|ought to|'ve got to|'ve gotta|am supposed to|'m supposed to|have|better|had better|wanna make sure i)(?: also| still| remember to| really| definitely| probably| just| finally)* (?P<t>(?!know\b|hear\b|see\b|ask (?:you|a)\b|talk to you|go\b$|be\b|understand\b|say\b|think\b|find out|an? (?:question|problem|idea|issue)|say|stop|admit|to (?:know|hear|see)|(?:no|any|some|one|two|a lot|many|a few|finished|done|already|just|got) ).+)$",
    r"^(?:i'm|im|i am|we're|we are) supposed to (?P<t>.+)$",
    r"^(?:also|and|plus|oh and|and also) (?P<t>(?!what|how|is\b|do\b|the (?:first|second|last)|for\b|then\b|in\b|on\b|at\b|that\b|it\b|yes\b|no\b|can\b)[\w' -]{2,40}?)(?: too| as well| also)?$",
    r"^(?:remember|note)(?: that)? (?P<t>.+)$",
    r"^(?:we're|we are|i'm|i am) (?:(?:almost|nearly|running|all|completely) )?(?:out of|low on|running out of) (?P<t>.+)$",
    r"^(?:we|i) need (?:(?:some|more|to get|to buy|a|an|another) )*(?P<t>(?!you\b|help\b|it\b|that\b|to\b|your\b|an? (?:minute|moment|second|break)\b)[\w' ]+)$",
    r"^(?:jot down|write down|note down|put down|pencil in|add in) (?P<t>.+)$",
    r"^(?:add|put|jot down|write down|note down|put down|include|get|pencil in|schedule|append)(?: in)? (?P<t>(?!up\b|together\b|it up\b).+)$",
)
_PRIORITY = re.compile(
    r",? (?:(?:and )?(?:it's|it is|that's|make it|mark it|this is|with|as|at|,)? ?(?:a )?(?P<p>(?:very )?(?:high|low|top|medium|normal)|urgent|important) priority|(?:and )?(?:it's|it is|make it|mark it as|this is|as) (?:very |really )?(?P<u>urgent|important))(?: (?:task|item|one))?$"
    r"|^(?:a |an |new )*(?:very )?(?P<f>high|low|top|urgent|important)[ -](?:priority )?(?:(?:task|reminder|to-?do)[:,]? |(?<=priority ))(?:to )?",
    re.IGNORECASE,
)
_TAGGED = re.compile(
    r",? (?:tagged|with (?:the )?tags?|labell?ed|under the tag|tag it(?: as| with)?) (?P<tag>[\w -]+)$", re.IGNORECASE
)
_NOTED = re.compile(r",? (?:with (?:a |the )?notes?|note)(?: that| saying|:)? (?P<n>.+)$", re.IGNORECASE)


def read_create(text: str, *, bare: bool = True) -> Wish | None:
    """A wish for a new task; `CLARIFY` where the words do not say what it is.

    `bare` also takes a need or a thing (“I need to…”, “add eggs”), which another tool might mean too.
    """
    rest, due = times.split(text)
    for pattern in _FORMS:
        if match := pattern.match(rest):
            return _created(match["t"] or "", text, due, explicit=True)
    if bare:
        for pattern in _NEED:
            if match := pattern.match(rest):
                return _created(match["t"], text, due, explicit=False)
    return None


def read_bare_task(text: str) -> Wish | None:
    """Something to do that is said without any word of asking (“buy milk tomorrow”)."""
    rest, due = times.split(text)
    words = rest.split()
    if (
        starts_with_verb(rest)
        and 2 <= len(words) <= 8
        and words[1].lower() not in {"it", "that", "me", "this", "them", "to", "you"}
        and (due or len(words) <= 5)
    ):  # noqa: PLR2004 - the length of a title
        return _created(rest, text, due, explicit=False)
    return None


def _created(title: str, text: str, due: str | None, *, explicit: bool) -> Wish:
    priority = tag = notes = None
    if match := _NOTED.search(title):
        notes, title = match["n"], title[: match.start()]
    if match := _TAGGED.search(title):
        tag, title = match["tag"].strip(), title[: match.start()]
    if match := _PRIORITY.search(title):
        level = (match["p"] or match["u"] or match["f"]).lower()
        priority = "low" if "low" in level else "high" if re.search("high|top|urgent|important", level) else "normal"
        title = (title[: match.start()] + title[match.end() :]).strip()
    title = re.sub(r"^(?:one more (?:thing|task|item)|another (?:thing|task|one)|something else|the following|this)[:,]? (?=\w)", "", title, flags=re.IGNORECASE)
    title = re.sub(r"^(?:me )?(?:to )?(?:remind me (?:to |about |of )?)?(?:add |put )?(?=.+LIST)", "", title)
    title = re.sub(r"^(?:please )?(?:remind|tell) me (?:to|about|of) ", "", tidy(title))
    title = re.sub(r"^(?:that )?(?:i|we) (?:need|have|want|should|must|ought|got)(?: to)? ", "", tidy(title))
    title = re.sub(r"(?: (?:and|on|at|by|for|to|due|in|the))+$", "", title, flags=re.IGNORECASE) or title
    title = (re.sub(r"(?: (?:is|it's|due))+$", "", title, flags=re.IGNORECASE) or title) if due else title
    if is_nothing(title):
        return Wish(Action.CLARIFY, due=due, priority=priority, tag=tag, is_explicit=explicit)
    return Wish(Action.CREATE, several(title), due=due, priority=priority, notes=notes, tag=tag, is_explicit=explicit)
