"""The data card for a person: whatever the data holds is shown as text."""

from components.registry.release_card import (
    Card,
    ColumnFact,
    PurposeVerdict,
    SyntheticAncestry,
    card_markdown,
)
from components.reporting.markdown import escaped
from tests.reporting.samples import HOSTILE


def test_what_the_data_says_is_no_markup() -> None:
    verdict = PurposeVerdict(purpose="sharing", passed=True, reasons=(HOSTILE,))
    card = Card(
        name="people",
        release=1,
        generator="trees",
        generator_version="1",
        rows=10,
        columns=(ColumnFact(name=HOSTILE, kind="numeric", dtype="float64"),),
        target=HOSTILE,
        seed=0,
        sha256="f",
        md5="f",
        rows_sha256="f",
        verdicts=(verdict,),
        unproven=HOSTILE,
        lineage={"data_uri": HOSTILE, "data_sha256": "f", "git_commit": "f", "git_dirty": False},
        ancestry=SyntheticAncestry(depth=1, share=0.0, parents=(HOSTILE,)),
        notes=HOSTILE,
        made="2026",
        libraries={},
    )
    shown = card_markdown(card)
    assert shown.count(escaped(HOSTILE)) == 7 and HOSTILE not in shown
