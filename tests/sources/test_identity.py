"""What is remembered by identity is made once an object, and never for one that took a former one's place."""

from __future__ import annotations

from dataclasses import dataclass

from sources.identity import by_identity


@dataclass
class Thing:
    """Equal to others of its number, and not hashable."""

    number: int


def test_a_thing_is_asked_once_and_its_equal_too() -> None:
    asked: list[int] = []

    @by_identity(3)
    def doubled(thing: Thing, other: Thing) -> int:
        """Twice both."""
        asked.append(thing.number)
        return 2 * (thing.number + other.number)

    first, equal = Thing(1), Thing(1)
    assert [doubled(first, equal), doubled(first, equal), doubled(equal, first)] == [4, 4, 4]
    assert (asked, doubled.__doc__) == ([1, 1], "Twice both.")


def test_no_more_are_held_than_wanted_and_none_is_taken_for_another() -> None:
    @by_identity(2)
    def number(thing: Thing) -> int:
        return thing.number

    # what is not held any more gives its identity to the next one
    assert [number(Thing(each)) for each in range(1000)] == list(range(1000))
