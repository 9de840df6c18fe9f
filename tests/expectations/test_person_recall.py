"""How many persons are seen, and how many agencies, streets and villages are taken for one: measured and bounded.

`pytest -s tests/expectations/test_person_recall.py` prints the figures that `docs/security.md` quotes.
"""

from __future__ import annotations

import unicodedata

import pytest

from expectations.contracts.privacy import looks_personal, masked
from tests.expectations import people

NAMES = people.names(600)
TWO_PARTS = [f"{name.split()[0]} {name.split()[-1]}" for name in NAMES]
GIVEN = [name.split()[-1] for name in NAMES]
TITLES = ("ông", "bà", "anh", "chị", "cụ", "cô", "chú", "bác")

FORMS = {
    "the name alone": (0.99, [*NAMES]),
    "the name in a sentence": (0.99, [f"Đơn của {name} về việc cấp đất" for name in NAMES]),
    "in capitals": (0.99, [name.upper() for name in NAMES]),
    "in capitals, in a sentence": (0.99, [f"XÁC NHẬN CHO {name.upper()} ĐƯỢC HƯỞNG" for name in NAMES]),
    "decomposed": (1.0, [unicodedata.normalize("NFD", f"ông {name}") for name in NAMES]),
    "ông, bà, anh, chị, cụ, cô, chú, bác": (
        1.0,
        [f"gặp {title} {name}" for title in TITLES for name in NAMES[:100]],
    ),
    "a title and the given name": (
        1.0,
        [f"{title} {name} ở thôn 3" for title in TITLES for name in GIVEN[:100]],
    ),
    "capitalised title and given name, at the start": (
        0.97,  # Anh Dũng and Anh Sơn are communes
        [f"{title} {name} phản ánh" for title in (one.capitalize() for one in TITLES) for name in GIVEN[:100]],
    ),
    "đồng chí, đ/c": (
        1.0,
        [f"{one} {name} dự" for one in ("đồng chí", "Đồng chí", "đ/c", "Đ/c") for name in TWO_PARTS[:150]],
    ),
    "người tố cáo, người khiếu nại, họ và tên": (
        1.0,
        [
            f"{title}: {name}"
            for title in ("Người tố cáo", "người khiếu nại", "NGƯỜI BỊ TỐ CÁO", "Họ và tên", "Người đứng đơn", "Chủ hộ")
            for name in [*NAMES[:60], *TWO_PARTS[:60]]
        ],
    ),
    "names of two parts after vợ, con, tên, công dân": (
        0.8,
        [f"{word} {name}" for word in ("vợ là bà", "con", "tên", "công dân") for name in TWO_PARTS[:150]],
    ),
    "without accents": (0.93, [people.plain(name) for name in NAMES]),
    "without accents and spaces, in the name of a file": (
        0.93,
        [f"BC_{people.plain(name).replace(' ', '')}_2024.xlsx" for name in NAMES],
    ),
}
OTHERS = {
    "agencies": (0.0, people.agencies(800)),
    "streets and schools": (0.0, people.streets(500)),
    "villages": (0.005, people.villages(500)),
}


@pytest.mark.parametrize("form", FORMS)
def test_recall(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    least, texts = FORMS[form]
    missed = [text for text in texts if not looks_personal(text)]
    recall = 1 - len(missed) / len(texts)
    with capsys.disabled():
        print(f"\nrecall {recall:7.1%} of {len(texts):4} {form}; missed: {sorted(set(missed))[:3]}")  # noqa: T201
    assert recall >= least, sorted(set(missed))[:20]
    assert not [text for text in texts if looks_personal(masked(text))]


@pytest.mark.parametrize("kind", OTHERS)
def test_false_alarms(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    most, texts = OTHERS[kind]
    taken = [text for text in texts if looks_personal(text)]
    share = len(taken) / len(texts)
    with capsys.disabled():
        print(f"\nfalse alarms {share:6.1%} of {len(texts):4} {kind}; taken: {sorted(set(taken))[:3]}")  # noqa: T201
    assert share <= most, sorted(set(taken))[:20]
