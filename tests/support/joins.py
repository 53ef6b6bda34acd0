"""Requests for several things at once, or over two turns, and what it would take to understand them wrongly."""

from __future__ import annotations

from typing import Any

DAY, NEXT, FIVE = "2026-11-22", "2026-11-23T15:00", "2026-11-21T17:00"
Call = tuple[str, dict[str, Any]]
"""A tool's name, and what it is called with."""


def create(title: str, **more: Any) -> Call:
    """Create a task."""
    return "create_task", {"title": title, **more}


def complete(task: Any) -> Call:
    """Complete a task."""
    return "complete_task", {"task": task}


def update(task: Any, **more: Any) -> Call:
    """Change a task."""
    return "update_task", {"task": task, **more}


def pay(amount: str, to: str) -> Call:
    """Pay somebody."""
    return "transfer", {"to": to, "amount": amount}


def send(to: str, text: str) -> Call:
    """Send a message."""
    return "send_message", {"to": to, "text": text}


UNDO: Call = ("undo_last_change", {})
JOINS: list[tuple[str, list[Call], list[Call]]] = [
    (
        "add milk and complete the dentist",
        [create("milk"), complete("dentist")],
        [create("dentist"), complete("milk"), create("milk dentist")],
    ),
    (
        "rename milk to bread and move the dentist to Friday",
        [update("milk", title="bread"), update("dentist", due="Friday"), update("dentist", due=DAY)],
        [
            update("dentist", title="bread"),
            update("bread", title="milk"),
            update("milk", title="dentist"),
            update("milk", due="Friday"),
        ],
    ),
    ("what about the dentist? / add milk", [create("milk")], [create("dentist"), complete("dentist")]),
    ("add milk and call Anna tomorrow", [create("milk", due=DAY), create("call Anna", due="tomorrow")], []),
    (
        "add milk, eggs and bread",
        [create("milk"), create("eggs"), create("bread"), create("milk, eggs and bread")],
        [update("milk", title="eggs")],
    ),
    ("I've bought the milk, add bread", [complete("milk"), create("bread")], [complete("bread"), create("milk")]),
    (
        "remind me to water the plants tonight and mark the laundry as done",
        [create("water the plants", due="tonight"), complete("laundry")],
        [create("laundry"), complete("plants")],
    ),
    ("add milk / A: When is it due? / tomorrow at three", [create("milk", due=NEXT)], [complete("milk")]),
    ("add milk / D: / and eggs", [create("eggs")], []),
    ("add a task / A: What is it called? / buy milk", [create("buy milk")], []),
    (
        "what's the weather in Berlin? / add umbrella to my list",
        [create("umbrella")],
        [create("Berlin"), create("weather in Berlin"), create("umbrella Berlin")],
    ),
    (
        "move the dentist to Friday and add flowers",
        [update("dentist", due="Friday"), create("flowers")],
        [update("flowers", due="Friday"), create("dentist"), create("flowers", due=DAY)],
    ),
    (
        "transfer 50 to Anna and 30 to Bob",
        [pay("50", "Anna"), pay("30", "Bob")],
        [pay("50", "Bob"), pay("30", "Anna"), pay("80", "Anna")],
    ),
    (
        "transfer 50 to Anna and add milk",
        [pay("50", "Anna"), create("milk")],
        [create("Anna"), pay("50", "milk")],
    ),
    ("add milk and make it urgent", [create("milk", priority="high"), update("milk", priority="high")], []),
    (
        "add milk for Friday and bread for Saturday",
        [create("milk", due="Friday"), create("bread", due="Saturday")],
        [update("milk", title="bread"), create("milk", due="Saturday"), create("bread", due="Friday")],
    ),
    (
        "complete the dentist and the laundry, and add milk for tomorrow",
        [complete("dentist"), complete("laundry"), create("milk", due=DAY)],
        [complete("milk"), create("laundry"), create("dentist", due=DAY)],
    ),
    (
        "please finish the report, then remind me to call Tom at five",
        [complete("report"), create("call Tom", due="2026-11-21T17:00")],
        [create("report"), complete("call Tom"), create("report", due=NEXT)],
    ),
    (
        "we're out of coffee and the laundry is done",
        [create("coffee"), complete("laundry")],
        [create("laundry"), complete("coffee")],
    ),
    (
        "L: / complete the dentist and move the second one to Monday",
        [complete(7), update(8, due="Monday")],
        [complete(8), update(7, due="Monday")],
    ),
    (
        "I paid the rent. Add call the landlord.",
        [complete("pay the rent"), create("call the landlord")],
        [create("pay the rent"), complete("landlord")],
    ),
    ("undo that and add bread instead", [UNDO, create("bread")], []),
    ("when is the dentist? / move it to Friday", [update("dentist", due="Friday")], [create("dentist")]),
    ("the car needs an oil change, put that on my list", [create("oil change")], []),
    ("add milk / actually make it oat milk", [update("milk", title="oat milk")], []),
    ("remind me to call the bank tomorrow / D: / and to email Bob", [create("email Bob")], []),
    (
        "put milk on the list and mark bread as high priority",
        [create("milk"), update("bread", priority="high")],
        [create("bread", priority="high"), create("milk", priority="high"), update("milk", priority="high")],
    ),
    ("is the rent due? / transfer 50 to Anna", [pay("50", "Anna")], [pay("50", "rent")]),
    ("delete milk and add eggs", [create("eggs")], [create("milk")]),
    ("don't add milk, add bread", [create("bread")], [create("milk")]),
    ("show me the dentist and add milk", [create("milk")], [create("dentist")]),
    ("add milk and tell me the weather in Berlin", [create("milk")], [create("weather in Berlin"), create("Berlin")]),
    (
        "I finished the homework and I need to call grandma",
        [complete("homework"), create("call grandma")],
        [complete("call grandma"), create("homework")],
    ),
    (
        "change the dentist to Monday and the haircut to Tuesday",
        [update("dentist", due="Monday"), update("haircut", due="Tuesday")],
        [update("dentist", title="haircut")],
    ),
    (
        "rename milk to bread and eggs to butter",
        [update("milk", title="bread"), update("eggs", title="butter")],
        [
            update("milk", title="butter"),
            update("eggs", title="bread"),
            update("bread", title="milk"),
            update("milk", title="eggs"),
        ],
    ),
    (
        "add milk complete the dentist",
        [create("milk"), complete("dentist")],
        [create("dentist"), complete("milk")],
    ),
    (
        "mark milk as urgent and bread as low priority",
        [update("milk", priority="high"), update("bread", priority="low")],
        [update("milk", priority="low"), update("bread", priority="high")],
    ),
    ("mark milk and bread as urgent", [update("milk", priority="high"), update("bread", priority="high")], []),
    (
        "add bread / D: / complete the dentist",
        [complete("dentist")],
        [complete("bread"), create("dentist"), create("bread dentist")],
    ),
    ("complete the dentist / add milk", [create("milk"), complete("dentist")], [create("dentist"), complete("milk")]),
    ("buy milk / add it to my list", [create("buy milk")], []),
    (
        "rename the dentist / A: To what? / dentist with Emma",
        [update("dentist", title="dentist with Emma")],
        [create("dentist with Emma")],
    ),
    ("L: / rename the dentist to laundry", [update(7, title="laundry")], [update(8, title="dentist")]),
    (
        "move the dentist to Friday and the meeting too",
        [update("dentist", due="Friday"), update("meeting", due="Friday")],
        [update("meeting", title="dentist")],
    ),
    (
        "remind me to call Anna at three and Bob at four",
        [create("call Anna", due=NEXT), create("call Bob", due="2026-11-23T16:00")],
        [],
    ),
    ("is milk on my list? If not, add it.", [create("milk")], []),
    ("add eggs, and by the way how is the weather in Berlin?", [create("eggs")], [create("weather in Berlin")]),
    ("add milk for Friday / D: / no, make it Saturday", [update("milk", due="Saturday")], []),
    ("put off the dentist and add milk", [create("milk")], [create("dentist")]),
    (
        "make the dentist urgent and add milk",
        [update("dentist", priority="high"), create("milk")],
        [create("dentist", priority="high"), create("dentist"), update("milk", priority="high")],
    ),
    (
        "push the report to Monday, add eggs and complete the laundry",
        [update("report", due="Monday"), create("eggs"), complete("laundry")],
        [
            create("report"),
            create("laundry"),
            complete("report"),
            complete("eggs"),
            update("eggs", due="Monday"),
            update("laundry", due="Monday"),
        ],
    ),
    ("add milk. also, what's happening with the dentist?", [create("milk")], [create("dentist"), complete("dentist")]),
    (
        "I called Anna and I have to write to Bob",
        [complete("call Anna"), create("write to Bob")],
        [complete("write to Bob"), create("call Anna")],
    ),
    (
        "tomorrow at nine, remind me to pay the rent and mark the gas bill as done",
        [create("pay the rent", due=DAY), complete("gas bill")],
        [create("gas bill"), complete("pay the rent")],
    ),
    ("the dentist said I need a new tooth / add milk", [create("milk")], [create("dentist"), create("new tooth")]),
    (
        "cross the eggs off and put the dentist on Friday",
        [complete("eggs"), update("dentist", due="Friday")],
        [complete("dentist"), create("eggs"), update("eggs", due="Friday")],
    ),
    (
        "add milk to the list and tick off bread and rename eggs to butter",
        [create("milk"), complete("bread"), update("eggs", title="butter")],
        [
            create("bread"),
            create("eggs"),
            create("butter"),
            complete("milk"),
            complete("eggs"),
            complete("butter"),
            update("milk", title="butter"),
            update("bread", title="butter"),
            update("milk", title="eggs"),
            update("butter", title="eggs"),
        ],
    ),
    (
        "transfer 50 to Anna and add Bob to my tasks",
        [pay("50", "Anna"), create("Bob")],
        [pay("50", "Bob"), create("Anna")],
    ),
    (
        "remind me about the party on Saturday, and move the gym to Sunday",
        [create("party", due="Saturday"), update("gym", due="Sunday")],
        [create("gym"), create("gym", due=DAY), update("party", due="Sunday")],
    ),
    (
        "complete everything about the dentist and create a task for the plumber",
        [complete("dentist"), create("plumber")],
        [create("dentist"), complete("plumber")],
    ),
    (
        "is the dentist done? add milk then",
        [create("milk")],
        [complete("milk"), create("dentist"), complete("dentist")],
    ),
    ("I did the dishes / add milk / D: / and bread", [create("bread")], [complete("bread"), create("dishes")]),
    (
        "add milk / A: For when? / Friday, and complete the dentist",
        [create("milk", due="Friday"), complete("dentist")],
        [create("dentist"), complete("milk")],
    ),
    ("Anna wants eggs. Add milk.", [create("milk")], [create("eggs"), create("Anna")]),
    ("add milk, but don't complete the dentist", [create("milk")], [create("dentist"), complete("dentist")]),
    (
        "change the title of milk to bread and add eggs",
        [update("milk", title="bread"), create("eggs")],
        [update("milk", title="eggs"), update("eggs", title="bread"), create("bread"), create("milk")],
    ),
    (
        "call mom is done, now add call dad",
        [complete("call mom"), create("call dad")],
        [complete("call dad"), create("call mom")],
    ),
    (
        "please add these: milk, eggs, and complete the dentist",
        [create("milk"), create("eggs"), complete("dentist")],
        [create("dentist"), complete("eggs")],
    ),
    (
        "schedule the dentist for Friday and delay the report to Monday",
        [create("dentist", due="Friday"), update("report", due="Monday")],
        [create("report")],
    ),
    (
        "L: / mark the first one as done and rename the second one to washing",
        [complete(7), update(8, title="washing")],
        [complete(8), update(7, title="washing")],
    ),
    ("when's the party? / add a cake for it", [create("cake")], []),
    ("add milk and remind me of it tomorrow", [create("milk"), create("milk", due=DAY)], []),
    ("don't forget the milk and stop reminding me of the dentist", [create("milk")], [create("dentist")]),
    (
        "can you add milk and could you also complete the dentist please",
        [create("milk"), complete("dentist")],
        [create("dentist"), complete("milk")],
    ),
    (
        "I already got the eggs so complete that and then add butter",
        [complete("eggs"), create("butter")],
        [complete("butter"), create("eggs")],
    ),
    ("move everything from Monday to Tuesday and add milk", [create("milk")], []),
    ("I want to rename bread / A: To what? / rye bread", [update("bread", title="rye bread")], [complete("bread")]),
    (
        "hey, I just talked to Anna about the dentist and she says hi, anyway add milk",
        [create("milk")],
        [create("dentist"), create("Anna")],
    ),
    ("Add milk. The dentist was terrible.", [create("milk")], [create("dentist")]),
    ("add milk, I was at the dentist", [create("milk")], [create("dentist")]),
    ("add milk / A: Added. / thanks, the dentist was nice", [], [create("dentist")]),
    ("add milk / A: Is the dentist done? / yes, complete it", [complete("milk")], [create("dentist")]),
    ("pay Anna / A: How much? / 50", [], []),
    ("transfer 50 / A: To whom? / Anna Meier", [pay("50", "Anna Meier")], []),
    ("transfer 50 to Anna / A: Done. / and 30 to Bob", [pay("30", "Bob")], [pay("50", "Bob")]),
    ("remind me / A: Of what? / the dentist on Friday", [create("dentist", due="Friday")], []),
    (
        "create a task to call Anna / A: When? / tomorrow / A: How important? / high",
        [create("call Anna", due=DAY, priority="high")],
        [],
    ),
    (
        "unpin it and add milk complete dentist rename eggs to butter",
        [],
        [create("dentist"), complete("milk"), complete("eggs"), update("dentist", title="butter")],
    ),
    ("add milk mark the dentist as done", [create("milk"), complete("dentist")], [create("dentist"), complete("milk")]),
    ("add milk I finished the report", [create("milk")], [create("report"), complete("milk")]),
    (
        "tell Anna I'm late and add milk",
        [send("Anna", "I'm late"), create("milk")],
        [send("Anna", "milk"), create("Anna"), create("I'm late")],
    ),
    (
        "tell Anna the party is on Friday, tell Bob it's cancelled",
        [send("Anna", "the party is on Friday"), send("Bob", "it's cancelled")],
        [send("Bob", "the party is on Friday"), send("Anna", "it's cancelled")],
    ),
    (
        "transfer 50 to Anna and tell Bob the rent is paid",
        [pay("50", "Anna"), send("Bob", "the rent is paid")],
        [pay("50", "Bob"), send("Anna", "the rent is paid"), complete("rent")],
    ),
    ("what did Bob write? / tell Anna hello", [send("Anna", "hello")], [send("Bob", "hello")]),
    (
        "message Bob that I finished the report",
        [send("Bob", "I finished the report")],
        [complete("report"), create("report")],
    ),
    (
        "create a task for the plumber on Monday and a reminder for the party on Friday",
        [create("plumber", due="Monday"), create("party", due="Friday")],
        [create("plumber", due="Friday"), create("party", due="Monday"), update("plumber", due="Friday")],
    ),
    ("add milk and show me the dentist", [create("milk")], [create("dentist")]),
    ("set finish the talk for Wednesday", [], [complete("talk"), complete("finish the talk")]),
    ("add milk / the weather in Berlin", [create("milk")], [create("weather in Berlin"), create("milk Berlin")]),
    ("add milk / D: / and the dentist was nice", [], [create("dentist")]),
    ("complete the dentist and add milk", [], [complete("it"), complete("that one"), create("it")]),
    (
        "transfer 50 euros to Anna and 30 euros to Bob",
        [pay("50", "Anna"), pay("30", "Bob")],
        [pay("50", "Bob"), pay("30", "Anna")],
    ),
    (
        "transfer 50 to Anna. Bob called about the 900.",
        [pay("50", "Anna")],
        [pay("900", "Bob"), pay("900", "Anna"), pay("50", "Bob")],
    ),
]
"""What is said, what it asks for, and calls that would be wrong.

Turns stand apart by strokes; after `A:` the assistant says it, `D:` is that something was made, `L:` the list.
"""
