"""The Markdown of a report: the verdict first, names as they are."""

import pandas as pd

from components.monitoring.report import Gap, SyntheticDrift
from components.monitoring.summary import evidence, summary_markdown
from tests.monitoring.detection import detect_drift
from tests.procedural import mixed_frame, mixed_table


def test_the_summary_names_the_worst_and_escapes_names() -> None:
    current = mixed_frame(300, seed=1).assign(**{"a|<b>": 1, "city": "Cork"})
    report = detect_drift(mixed_table(600), pd.DataFrame(current)).report
    text = summary_markdown(report, "people")
    assert text.startswith("# people: drift\n")
    assert "300 new rows against 600 training rows" in text
    assert "- 'a\\|\\<b\\>' is new" in text and "<b>" not in text
    first = next(line for line in text.splitlines() if line.startswith("| city"))
    assert first.endswith("**drifted** |") and text.index("| city") < text.index("| age")


def test_how_far_the_champions_own_rows_are_reads_as_a_sentence() -> None:
    report = detect_drift(mixed_table(600), mixed_frame(300, seed=1)).report
    gaps = SyntheticDrift(
        num_rows=500,
        to_current=Gap(share=0.2, worst=("age", "city"), auc=0.91, low=0.88),
        to_reference=Gap(share=0.0, worst=(), auc=None, low=None),
    )
    assert evidence(report.model_copy(update={"synthetic": gaps}))[-1] == (
        "the champion's own rows, against the new rows: 20% of columns differ ('age', 'city'), "
        "all together tell them apart with an AUC of 0.91; against the training rows: 0% of "
        "columns differ"
    )
