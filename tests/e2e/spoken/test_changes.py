"""The tools of a server change while somebody talks, and some of them are badly made: what each side notices."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.chat import Call, Chat, Turn
from tests.support.bridges import raw_entry
from tests.support.pages import button, card, sees

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.everything import Everything

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="package")]

NODE = {"properties": {"name": {"type": "string"}, "more": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}
ODD: list[dict[str, Any]] = [
    {"name": "List", "inputSchema": {"type": "object"}},
    {"name": "list", "inputSchema": {"type": "object"}},
    {"name": "öffne Tür!", "description": "Open a door.", "inputSchema": {"properties": {"which": {"const": "front"}}}},
    {"name": "long_" * 40, "inputSchema": {}},
    {
        "name": "get_tree",
        "description": "Get\u202e a tree.",
        "inputSchema": {
            "$defs": {"node": NODE},
            "properties": {
                "root": {"$ref": "#/$defs/node"},
                "far": {"$ref": "https://example.com/far.json"},
                "size": {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
            },
            "required": ["size"],
        },
    },
    {"name": "get_broken", "inputSchema": {"type": "array"}},
    {"name": "get_huge", "inputSchema": {"properties": {"kind": {"enum": [f"kind {n}" for n in range(70_000)]}}}},
]
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def model(chat: Chat) -> Turn:
    """One that calls what it is asked for, mends its arguments, and says what came of it."""
    told = chat.results[-1] if chat.results else ""
    if told.startswith("The call was not made."):
        return Call("lamps_get_tree", {"size": 3})
    if told:
        return f"It says: {told}"
    wanted = next((name for word, name in WANTED if word in chat.user), "")
    if wanted in chat.tools:
        return Call(wanted, {"size": "big"} if wanted == "lamps_get_tree" else {})
    return why(chat) if "broken" in chat.user else "I can't do that."


WANTED = (
    ("grow", "lamps_add_tool"),
    ("added", "lamps_list_added"),
    ("tree", "lamps_get_tree"),
    ("broken", "lamps_get_broken"),
)


def why(chat: Chat) -> str:
    """What the model has been told of tools that cannot be called."""
    told = re.search(r"“get broken” of lamps [^.]*\.", json.dumps(chat.body, ensure_ascii=False))
    return told[0] if told is not None else ""


async def test_new_odd_and_broken_tools_of_a_server_are_met_in_the_middle_of_a_conversation(
    whole: Everything, tmp_path: Path
) -> None:
    (tmp_path / "tools").write_text(json.dumps(ODD))
    entry = raw_entry(listed=str(tmp_path / "tools"), page=4)
    lamps = {"command": entry.command, "args": list(entry.args), "voice": {"confirm": "never"}}
    async with whole.talk(model) as talker:
        # It comes while the talk goes on.
        whole.write({"lamps": lamps})
        await talker.in_state("lamps", "degraded")
        await button(talker.page, "Servers: 1 in trouble").click()
        await sees(talker.page.get_by_text("Cannot offer “get broken” (its parameters are not an object)."))
        await talker.page.keyboard.press("Escape")

        await talker.speak("What about the added list?")
        await talker.hears("I can't do that.")
        tools = talker.chats[-1].tools
        ours = [name for name in tools if name.startswith("lamps")]
        assert all(NAME.fullmatch(name) for name in tools)
        assert len({name.casefold() for name in tools}) == len(tools)
        assert "lamps_list_added" not in tools
        assert len([name for name in ours if name.lower().startswith("lamps_list_")]) == 3  # list_rows, too
        assert talker.chats[-1].mistake() is None

        await talker.speak("Let the lamps grow")
        await sees(card(talker.page, "lamps.add_tool", "ok"))
        await talker.hears("It says: ok")
        await talker.speak("And the added list now?")
        await sees(card(talker.page, "lamps.list_added", "ok"))
        assert "lamps_list_added" in talker.chats[-1].tools

        # What a model gets wrong is told it by the server's own schema, and it mends that.
        await talker.speak("Show me the tree")
        await sees(card(talker.page, "lamps.get_tree", "ok"))
        await talker.hears("size")
        assert json.loads(talker.chats[-1].results[-1]) == {"size": 3}
        shown = json.dumps(talker.chats[-1].body, ensure_ascii=False)
        assert "“size” must be of type integer" in shown
        assert "\u202e" not in shown

        await talker.speak("Then get the broken one")
        await talker.hears("“get broken” of lamps cannot be used, for its parameters are not an object.")
