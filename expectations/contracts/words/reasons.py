"""Why a goal has its status: the sentences of a reason, made of the clauses of its indicators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.words.wording import Language, day, texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expectations.contracts.words.phrases import Voice

    Clause = Mapping[str, Any]

NEVER_SCORED = "L1-k"
"""The entry of the notice that speaks of citizens: it is never scored, and its reason says so."""


def reason(voice: Voice, goal: Mapping[str, Any], said: Sequence[tuple[str, Clause]]) -> str:
    """The reason of a status in one language.

    `goal` holds goal_id, goal_kind, status, has_deciding_target, met_count, decisive_count, supporting_count,
    against_count and the narrative; `said` the role of each indicator in the goal and what it says: indicator_code,
    verdict, direction, is_conclusive, is_target_stated, is_target_deciding, phrase_vi, phrase_en.
    """
    status = goal["status"]
    if status == "narrative":
        return _narrative(voice, goal)
    if status == "monitored":
        return voice.say("reason.monitored", clauses=_clauses(voice, [one for _, one in said]))
    scored = [(role, one) for role, one in said if one["direction"] != "context"]
    decisive = [one for role, one in scored if role == "decisive"]
    supporting = [one for role, one in scored if role == "supporting"]
    parts = [_lead(voice, goal, decisive)]
    if status == "partly_met" and goal["met_count"] == goal["decisive_count"]:
        parts.append(voice.say("reason.tempered", against=goal["against_count"], count=goal["supporting_count"]))
    if any(one["verdict"] == "unchanged" for one in decisive) and status in {"not_met", "partly_met"}:
        parts.append(voice.texts[f"reason.unchanged.{goal['goal_kind']}"])
    known = [one for one in supporting if one["is_conclusive"]]
    if known:
        parts.append(voice.say("reason.supporting", clauses=_clauses(voice, known)))
    unclear = [one for one in supporting if not one["is_conclusive"]]
    for key, wanted in (("reason.unclear", False), ("reason.sourceless", True)):
        names = [voice.names[one["indicator_code"]] for one in unclear if (one["verdict"] == "no_source") == wanted]
        if names:
            parts.append(voice.say(key, names="; ".join(names)))
    context = [one for _, one in said if one["verdict"] == "context"]
    if context:
        parts.append(voice.say("reason.context", clauses=_clauses(voice, context)))
    deciding = [one for one in (*decisive, *known) if one["is_conclusive"] and one["is_target_deciding"]]
    if deciding and not any(one["is_target_stated"] for one in deciding):
        parts.append(voice.texts["target.all_borrowed"])
    return " ".join(parts)


def deciding(text: str, language: Language) -> str:
    """Of a reason what decides the status: up to its supporting indicators, what is only context, and whose targets."""
    openers = [texts()[key][language == "en"].partition("{")[0] for key in _BESIDE]
    ends = [place for opener in openers if (place := text.find(f" {opener}")) >= 0]
    return text[: min(ends, default=len(text))]


_BESIDE = ("reason.supporting", "reason.unclear", "reason.sourceless", "reason.context", "target.all_borrowed")
"""Sentences of a reason that stand beside what decides it, and all come after that."""


def _lead(voice: Voice, goal: Mapping[str, Any], decisive: Sequence[Clause]) -> str:
    status = goal["status"]
    if status == "not_enough_data":
        open_ones = [one for one in decisive if not one["is_conclusive"]]
        known = [one for one in decisive if one["is_conclusive"]]
        lead = voice.say("reason.not_enough_data", open=_clauses(voice, open_ones))
        return f"{lead} {voice.say('reason.known', known=_clauses(voice, known))}" if known else lead
    key = f"reason.{status}"
    if status == "partly_met" and not goal["has_deciding_target"]:
        key += ".no_target" if any(one["verdict"] == "improved" for one in decisive) else ".kept"
    return voice.say(key, decisive=_clauses(voice, decisive))


def _clauses(voice: Voice, said: Sequence[Clause]) -> str:
    return "; ".join([one[voice.phrase] for one in said])


def _narrative(voice: Voice, goal: Mapping[str, Any]) -> str:
    if goal["narrative_vi"] is None:
        citizens = ".citizens" if goal["goal_id"] == NEVER_SCORED else ".wanted"
        return voice.texts[f"reason.narrative{citizens}"]
    return voice.say(
        "reason.narrative",
        text=str(goal["narrative_vi"]).rstrip("."),
        author=goal["narrative_author"],
        day=day(goal["narrative_entered_on"], voice.language),
    )
