"""The page of rules: fresh, and true: each rule lives somewhere and has a test that fires and one that stays silent."""

from __future__ import annotations

import ast
import csv
from functools import cache, lru_cache
from pathlib import Path

import pytest

from expectations.contracts.register import register
from warehouse.checks import checks
from warehouse.rule_book import PAGE, places, rule_book, trials

CHECKOUT = Path(__file__).parents[2]
TESTS = trials(CHECKOUT)
PLACES = places(CHECKOUT)
RULES = list(register().values())
LEDGER = "tests/examples/test_ledger.py"


def test_the_page_is_fresh() -> None:
    assert (CHECKOUT / PAGE).read_text(encoding="utf-8") == rule_book(CHECKOUT), "run: python -m warehouse.dictionary"


def test_the_table_of_tests_knows_the_rules_of_the_register_in_their_order() -> None:
    assert list(TESTS) == list(register())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule_id)
def test_every_rule_lives_somewhere(rule) -> None:  # type: ignore[no-untyped-def]
    assert PLACES.get(rule.rule_id) or rule.lives, f"{rule.rule_id} is registered and stands nowhere"
    for name in rule.lives:
        assert (CHECKOUT / name).is_file(), name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule_id)
def test_every_rule_has_a_test_that_fires_and_one_that_is_silent(rule) -> None:  # type: ignore[no-untyped-def]
    for name in TESTS[rule.rule_id]:
        path, _, function = name.partition("::")
        assert function in _functions(path), f"{rule.rule_id}: {path} has no test {function}"
        if path == LEDGER:
            assert rule.rule_id in _seeded() or name == TESTS[rule.rule_id][1], f"{rule.rule_id}: no seeded defect"


@pytest.mark.parametrize("check", checks(), ids=lambda check: check.name)
def test_the_rule_of_a_check_is_tried_among_the_checks(check) -> None:  # type: ignore[no-untyped-def]
    assert "tests/warehouse/test_checks.py" in TESTS[check.rule_id][0] or check.rule_id in _seeded()


@lru_cache(maxsize=1)
def _seeded() -> frozenset[str]:
    with (CHECKOUT / "examples/province/ledger.csv").open(encoding="utf-8", newline="") as stream:
        return frozenset(row["rule_id"] for row in csv.DictReader(stream))


@cache
def _functions(path: str) -> frozenset[str]:
    tree = ast.parse((CHECKOUT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
