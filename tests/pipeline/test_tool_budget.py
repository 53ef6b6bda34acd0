"""With hundreds of tools, the model sees those for the turn, within its budget, and can look for others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from fastmcp.tools import Tool

from tests.fakes.chat import Call, Chat, Turn
from tests.support.talk import Talk, a_talk
from voice_agent.agents.offer import BUDGET, FIND_TOOLS
from voice_agent.bridge.find.tokens import cost

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pipeline

THINGS = (
    *("invoice", "ship", "recipe", "planet", "horse", "bridge", "contract", "lamp", "song", "tooth"),
    *("castle", "turnip", "engine", "parrot", "blanket", "theatre", "volcano", "ladder", "trumpet", "cactus"),
    *("passport", "anchor", "cheese", "glacier", "donkey", "tunnel", "treaty", "candle", "poem", "kidney"),
    *("cottage", "onion", "tractor", "falcon", "carpet", "cinema", "island", "hammer", "violin", "orchid"),
    *("receipt", "canoe", "soup", "comet", "rabbit", "canal", "patent", "lantern", "opera", "elbow"),
    *("tower", "pepper", "rocket", "pigeon", "curtain", "museum", "desert", "shovel", "drum", "tulip"),
    *("cheque", "raft", "cake", "moon", "goat", "railway", "licence", "torch", "ballad", "thumb"),
    *("palace", "carrot", "bicycle", "swan", "pillow", "stadium", "swamp", "chisel", "flute", "fern"),
    *("ticket", "ferry", "salad", "galaxy", "camel", "harbour", "verdict", "bulb", "hymn", "spine"),
    *("chapel", "bean", "scooter", "heron", "towel", "library", "canyon", "wrench", "harp", "rose"),
)
DEEDS = ("create", "list", "delete", "paint", "weigh", "rent")
LONG = "The answer has all there is to know about it, in the order of their dates. " * 8


class Many:
    """Ten servers with 600 tools between them: six deeds to each of a hundred things. Notes what was called."""

    def __init__(self) -> None:
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.servers = {f"store{n}": FastMCP[Any](f"store{n}") for n in range(10)}
        for number, server in enumerate(self.servers.values()):
            for thing in THINGS[number::10]:
                for deed in DEEDS:
                    self.add(server, f"{deed}_{thing}", f"{deed.title()} a {thing}. {LONG}")

    def add(self, server: FastMCP[Any], name: str, description: str) -> None:
        def run(name_of_it: str, amount: int = 1, remark: str | None = None) -> str:
            self.called.append((name, {"name_of_it": name_of_it, "amount": amount, "remark": remark}))
            return f"Done: {name}."

        annotations = {"readOnlyHint": name.startswith("list"), "destructiveHint": name.startswith("delete")}
        tool = Tool.from_function(run, name=name, description=description, annotations=annotations)  # pyright: ignore[reportArgumentType] - a dict is taken too
        server.add_tool(tool)


def spent(talk: Talk) -> list[int]:
    """What the tools of each request to the model cost."""
    return [sum(cost(tool["function"]) for tool in chat.body.get("tools", ())) for chat in chats(talk)]


def chats(talk: Talk) -> list[Chat]:
    return talk.openai.chats


async def test_the_right_one_of_600_tools_is_in_sight_within_the_budget_and_is_called(tmp_path: Path) -> None:
    many = Many()
    script: list[Turn] = [Call("store3_paint_planet", {"name_of_it": "Mars"}), "Mars is painted."]
    async with a_talk(tmp_path, script, many.servers) as talk:
        assert len(talk.conversation.toolset.bridge.tools) == 600
        assert await talk.say("paint the planet called Mars") == "Mars is painted."
        first = chats(talk)[0]
        assert "store3_paint_planet" in first.tools
        assert first.tools[0] == FIND_TOOLS["name"]
        assert 10 <= len(first.tools) <= 30
        assert max(spent(talk)) <= BUDGET
        sent = json.dumps(first.body["tools"], separators=(",", ":"))
        # A token of o200k has three characters at the least in such texts.
        assert len(sent) <= 3 * BUDGET * 1.5
    assert many.called == [("paint_planet", {"name_of_it": "Mars", "amount": 1, "remark": None})]


async def test_a_tool_that_is_not_in_sight_is_looked_for_and_then_called(tmp_path: Path) -> None:
    many = Many()
    script: list[Turn] = [
        Call("find_tools", {"request": "list a horse"}),
        Call("store4_list_horse", {"name_of_it": "Bella"}),
        "Bella is there.",
    ]
    async with a_talk(tmp_path, script, many.servers) as talk:
        assert await talk.say("and now Bella") == "Bella is there."
        before, after = chats(talk)[:2]
        assert "store4_list_horse" not in before.tools
        assert "store4_list_horse" in after.tools
        assert "store4_list_horse" in after.results[0]
        assert max(spent(talk)) <= BUDGET
        assert [line["tool"] for line in talk.of("tool_call")] == ["list_horse"]
    assert [name for name, _ in many.called] == ["list_horse"]


async def test_tools_that_were_used_stay_in_sight_for_what_follows(tmp_path: Path) -> None:
    many = Many()
    script: list[Turn] = [Call("store3_paint_planet", {"name_of_it": "Mars"}), "Done.", "Sorry?"]
    async with a_talk(tmp_path, script, many.servers) as talk:
        await talk.say("paint the planet called Mars")
        await talk.say("and do the same with Venus for me")
        assert "store3_paint_planet" in chats(talk)[-1].tools
        assert max(spent(talk)) <= BUDGET


async def test_a_confirmed_call_runs_though_its_tool_is_out_of_sight(tmp_path: Path) -> None:
    many = Many()
    script: list[Turn] = [Call("store7_delete_lamp", {"name_of_it": "desk"}), "It is gone."]
    async with a_talk(tmp_path, script, many.servers) as talk:
        assert "Shall I go ahead?" in await talk.say("delete the lamp called desk")
        assert "delete_lamp" not in [name for name, _ in many.called]
        assert await talk.say("yes") == "It is gone."
    assert many.called[-1][0] == "delete_lamp"


async def test_what_is_offered_is_the_same_object_from_turn_to_turn(tmp_path: Path) -> None:
    many = Many()
    async with a_talk(tmp_path, [], many.servers) as talk:
        toolset = talk.conversation.toolset
        everything: list[Any] = list(toolset.tools)
        items: list[Any] = [talk.conversation.session.history.add_message(role="user", content="weigh the tooth")]
        once = await toolset.offer.choose(items, list(everything))
        again = await toolset.offer.choose(items, list(everything))
        assert len(once) > 1
        assert all(one is other for one, other in zip(once, again, strict=True))
        assert len(everything) == 601


async def test_a_model_that_does_not_count_tokens_sees_all_tools_and_nothing_to_find_more(tmp_path: Path) -> None:
    many = Many()
    async with a_talk(tmp_path, [], many.servers) as talk:
        toolset = talk.conversation.toolset
        everything: list[Any] = list(toolset.tools)
        shown = await toolset.offer.choose([], everything, counts_tokens=False)
        assert len(shown) == 600


async def test_a_few_tools_are_all_shown_as_they_are(tmp_path: Path) -> None:
    many = Many()
    server = FastMCP[Any]("few")
    many.add(server, "paint_horse", "Paint a horse.")
    async with a_talk(tmp_path, ["Hello."], {"few": server}) as talk:
        await talk.say("good morning")
        [chat] = chats(talk)
        assert chat.tools == ("few_paint_horse",)
