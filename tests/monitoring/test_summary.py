"""The Markdown of a report: the verdict first, names as they are."""

import pandas as pd

from components.monitoring.summary import summary_markdown
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
