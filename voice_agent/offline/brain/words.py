"""What people say, made plain: hesitations, politeness and the many names of the list taken out."""

from __future__ import annotations

import re
import unicodedata

LIST = "LIST"
"""Stands for every way of naming the user's task list."""

_HESITATION = re.compile(
    r"(?<![\w'])(?:u+m+|u+h+|uhm+|erm+|er|hm+|mhm|mm+|ah|eh|you know(?=,))(?![\w'])[,.]*\s*", re.IGNORECASE
)
_STUTTER = re.compile(r"\b(\w+)(?:,? \1\b)+", re.IGNORECASE)
_OPENERS = re.compile(
    r"^(?:(?:hey|hi|hello|ok|okay|so|well|alright|all right|right|oh|yes|yeah|yep|yup|sure|great|cool|perfect|awesome"
    r"|fine|now|and|also|then|but|actually|plus|please|pls|kindly|just|quickly|thanks|thank you|there|computer|assistant"
    r"|hey there|good morning|good evening|good afternoon|by the way|oh and|next|finally|lastly|can you just)"
    r"(?:,|!|\.|:|;)?\s+)(?=\S)",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^(?:(?:(?:can|could|would|will|won't|can't|couldn't) you|(?:i |i'd |i would |we )?(?:want|need|like|love|would like|would love)(?: for)? you to"
    r"|i was (?:wondering|hoping) (?:if )?you (?:could|can|would|might)|i wonder if you (?:could|can)|do you (?:think|mind if)(?: you)?(?: could| can)?"
    r"|would you mind|do you mind|is it possible (?:for you )?to|would it be possible (?:for you )?to|it would be (?:great|nice|good|lovely) if you (?:could|would|can)"
    r"|i'd appreciate it if you (?:could|would)|i would appreciate it if you (?:could|would)|(?:is there|any) (?:a )?(?:way|chance)(?: that)? you (?:could|can)(?: to)?"
    r"|you (?:can|could|should|may|might|need to|have to)|if you (?:could|can|would|don't mind)|let's|let us|lets|go ahead and|go on and|help me(?: to)?"
    r"|(?:please )?do me a favou?r and|be so kind as to|be a dear and|try to|make sure (?:to|you)|be sure (?:to|and)"
    r"|i(?:'d| would)? (?:want|wanna|like|would like|'d like|need|would love)(?: to)?(?= (?:add|put|set|create|make|delete|remove|clear|see|hear|know|mark|check|cross|move|change|update|rename|reschedule|include|schedule|get reminded|be reminded|be told|push|postpone|cancel|read|wipe|erase|empty|find|look|list|place|enter|take \w+ off)\b)"
    r"|i(?:'d| would) (?:like|love) to(?= (?:be|get) reminded)|i(?:'m| am) (?:trying|going) to(?= (?:add|put|set|create|make|delete|remove|clear|see|know)\b)|may i|can i(?: please)?(?= (?:add|see|hear|know|put|delete|remove|change|move|get my|get the|get a list)\b)|can we|could we|could i(?: please)?(?= (?:add|see|hear|know|put|delete|remove|change|move)\b)|shall we|why don't you|how about you"
    r"|(?:and )?(?:please|kindly|just|quickly|simply|also))(?: (?:please|kindly|just|also|maybe|perhaps|quickly|possibly))*),?\s+(?=\S)",
    re.IGNORECASE,
)
_GERUND = re.compile(r"^(?:(?:would|do) you mind|how about|what about|mind) (?P<verb>\w+)ing\b", re.IGNORECASE)
_CLOSERS = re.compile(
    r"(?:[,.!?;:\s]+|^)(?:please|pls|thanks(?: a lot| so much| again)?|thank you(?: very much| so much)?|for me please|ok|okay|alright|will you|would you|could you"
    r"|can you|if you (?:can|could|would|don't mind|please)|i would appreciate it|i'd appreciate it|that would be (?:great|nice)|when you get a chance|real quick|right now"
    r"|right away|immediately|for me|now|buddy|mate|man|dude|then|too|as well|currently|at the moment|at present|again|also|or something|will ya|my friend)[.!?]*$",
    re.IGNORECASE,
)
_MODIFIERS = r"(?:(?!(?:to|on|from|off|of|in|is|list|that|for|about|and|are|was|be|put|add|it)\b)[\w'-]+ ){0,3}?"
_DET = r"(?:my|the|our|this|your|a|that)"
_STUFF = r"(?:things|thing|stuff|shit|crap|tasks|task|chores|chore|reminders?|items|errands|jobs|to[- ]?do'?s?|todo'?s?|activities)"
_PURPOSE = (
    r"(?: (?:that )?(?:i|we) (?:have|need|want|wanted|still have|still need|must|should|am supposed)(?: to)?| (?:for me )?to| that need to be| to be)"
    r" (?:do|done|accomplish(?:ed)?|complete[d]?|remember(?:ed)?|finish(?:ed)?|get done|handle|take care of|buy|get|work on)(?: list)?(?: for later| later)?"
)
_NAMED = r"(?:to[- ]?do'?s?|todo'?s?|2do|task|tasks|chores?|reminders?|errands?|need to do|must do|things to do|stuff to do|things to remember|agenda)"
_LISTS = re.compile(
    rf"\b(?:{_DET} (?:{_MODIFIERS}))?lists? of (?:all )?(?:my |the )?{_STUFF}(?:{_PURPOSE})?"
    rf"|\b{_DET} (?P<name>{_MODIFIERS}){_NAMED}[- ]?lists?(?! of)"
    rf"|\b(?:the )?{_NAMED}[- ]?lists?(?! of)\b"
    rf"|\b{_DET} (?P<own>{_MODIFIERS})lists?(?: of stuff to do)?(?: list)?\b(?! of)"
    rf"|\b(?:my|the|our|all my|all of my) (?:{_NAMED}s|to[- ]?dos?|todo'?s|reminders|tasks|chores|agenda|things to do|errands)(?:{_PURPOSE})?\b(?! of (?:my|the) list)(?! list)",
    re.IGNORECASE,
)
_TWICE = re.compile(
    rf"\b(?:(?:the )?lists? of|(?:the )?(?:reminders|tasks|items) (?:of|on|in)) {LIST}\b|\b{LIST} list\b|\blist of {LIST}\b",
    re.IGNORECASE,
)
_THERE = re.compile(r"\b(?<=(?:on|to) )there\b(?=$|[ ,.?]*(?:please|too|for me)?[ .?!]*$)", re.IGNORECASE)
_PLAIN_NAMES = frozenset(
    "whole entire full current complete running new own long little big daily usual same other need must personal general main stuff list".split()
)


def clean(text: str) -> str:
    """`text` with plain quotes and single spaces, without hesitations and stuttered words."""
    plain = unicodedata.normalize("NFKC", text).translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"'})
    plain = "".join(char if char.isprintable() else " " for char in plain)
    plain = re.sub(r"\s+", " ", _HESITATION.sub("", plain)).strip()
    plain = re.sub(r"\s+([,.!?])", r"\1", plain)
    return _STUTTER.sub(
        lambda m: m[0] if m[1].isdigit() or m[1].lower() in {"bye", "no", "had", "that"} else m[1], plain
    )


def strip_courtesy(text: str) -> str:
    """A command without greeting, “could you”, “please” and what else surrounds it."""
    before = None
    while before != text:
        before = text
        text = _GERUND.sub(lambda match: _plain_verb(match["verb"]), text.strip(" ,;"), count=1)
        text = _OPENERS.sub("", text.strip(" ,;"), count=1)
        text = _ASKING.sub("", text, count=1)
        shorter = _CLOSERS.sub("", text)
        text = (shorter or text).strip(" ,;").rstrip(".!?")
    return text


def _plain_verb(stem: str) -> str:
    """“add” of “add(ing)”, “delete” of “delet(ing)”, “put” of “putt(ing)”."""
    if stem[-1:] == stem[-2:-1] and stem[-1] not in "lsd":
        return stem[:-1]
    return stem + "e" if re.search(r"(?:let|mov|creat|mak|writ|renam|includ|updat|chang|eras|schedul|tak|plac|complet|not|giv|postpon|wip|bik|us|sav)$", stem, re.IGNORECASE) else stem


def name_list(text: str) -> tuple[str, str | None]:
    """`text` with every name of the list as `LIST`, and the list's own name (“shopping”), if it has one."""
    names: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        words = (match["name"] or match["own"] or "").lower().split()
        name = " ".join(word for word in words if word not in _PLAIN_NAMES and not word.endswith("'s"))
        if name:
            names.append(name)
        return LIST

    once = _THERE.sub(LIST, _LISTS.sub(stand_in, text))
    return _TWICE.sub(LIST, once), names[0] if names else None
