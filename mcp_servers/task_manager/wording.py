"""What is wrong with the arguments of a call, in sentences that name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


def arguments_sentence(tool: str, error: ValidationError) -> str:
    """Such as "create_task needs title.", one sentence for each problem."""
    problems = error.errors(include_url=False, include_input=False)
    sentences = [_sentence(tool, problem) for problem in problems if problem["type"] != "none_required"]
    return " ".join(dict.fromkeys(sentences)) or f"{tool} cannot take these arguments."


def _sentence(tool: str, problem: ErrorDetails) -> str:
    name = next((part for part in problem["loc"] if isinstance(part, str)), "an argument")
    kind: str = problem["type"]
    if kind in {"missing", "missing_argument"}:
        return f"{tool} needs {name}."
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        return f"{tool} has no parameter {name[:64]}."
    is_in_list = any(isinstance(part, int) for part in problem["loc"])
    return f"{name} must be {_wanted('list' if is_in_list else kind, problem.get('ctx', {}))}."


def _wanted(kind: str, about: dict[str, Any]) -> str:
    if kind == "literal_error":
        return str(about.get("expected", "one of its values"))
    if kind == "greater_than_equal":
        return f"at least {about['ge']}"
    if kind == "less_than_equal":
        return f"at most {about['le']}"
    if kind == "string_unicode":
        return "text that can be read"
    return _KINDS.get(kind.partition("_")[0], "of another kind")


_KINDS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "list": "a list of texts",
    "bool": "true or false",
}
