"""Putting every defect into the clean deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.generate.collected import seed_district_after_the_border
from examples.generate.file_defects import seed_files
from examples.generate.form_defects import seed_forms
from examples.generate.later_defects import seed_later
from examples.generate.ledger import Seeding
from examples.generate.row_defects import seed_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.generate.deliveries import Delivery
    from examples.generate.ledger import Defect


def seed_all(
    deliveries: list[Delivery], complete: Callable[[list[Delivery]], None]
) -> tuple[list[Delivery], list[Defect]]:
    """Put every defect into the clean deliveries; returns what is sent in the end, and the ledger.

    `complete` adds what came to the sample later, between the first defects and those of the later data.
    """
    seeding = Seeding(deliveries)
    seed_rows(seeding)
    seed_files(seeding)
    seed_forms(seeding)
    complete(seeding.deliveries)
    seed_later(seeding)
    seed_district_after_the_border(seeding)
    return seeding.deliveries, seeding.ledger
