from dataclasses import replace

from components.reporting.rows import headline
from components.reporting.summary import summary_lines, summary_markdown
from tests.reporting import samples


def test_lines_hold_every_measurement():
    lines = summary_lines(samples.evidence())
    assert [line.metric for line in lines] == [item.name for item in samples.measurements()]
    assert (lines[0].value, lines[0].interval, lines[0].ideal) == (
        "0.0061",
        "0.0055 to 0.0069",
        "0",
    )


def test_headline_follows_verdict_and_alias():
    passed, refused = samples.evidence(), samples.evidence(samples.REFUSED)
    lineage = samples.lineage()
    champion = replace(lineage, version="3", alias="champion")
    assert headline(passed, lineage).text == "Passed for sharing"
    assert headline(passed, champion).text == "Promoted to champion for sharing"
    assert headline(refused, lineage).text == "Refused for sharing"
    assert "still carries the alias champion" in headline(refused, champion).text
    unloved = replace(lineage, version="3", held_back="refused at the infrastructure door: late")
    held = headline(passed, unloved)
    assert (held.text, held.tone) == ("Fit for sharing, but not promoted", "undecided")
    door = "refused at the infrastructure door: late"
    assert held.why == f"All three gates hold. Not promoted: {door}."
    assert "Not promoted" not in headline(refused, unloved).why
    undecided = headline(samples.evidence(samples.UNDECIDED), lineage)
    assert (undecided.text, undecided.tone) == ("Undecided for sharing", "undecided")


def test_markdown_says_verdict_gates_figures_and_links():
    text = summary_markdown(samples.evidence(samples.REFUSED), samples.lineage())
    assert text.startswith("# adult-sharing: Refused for sharing\n")
    assert "It copies training rows" in text
    assert "| Membership AUC | 0.512 | 0.535 at 95% | less than 0.55 | passed |" in text
    assert "| shape\\_error | 0.0061 | 0.0055 to 0.0069 | 0 |" in text
    assert "[MLflow run](<http://127.0.0.1:5000/#/experiments/1/runs/2>)" in text


def test_markdown_says_images_where_these_were_judged():
    text = summary_markdown(samples.evidence(), samples.lineage(), "image")
    assert "; images: " in text and "rows:" not in text
    bare = samples.evidence().model_copy(update={"columns": ()})
    assert "columns" not in summary_markdown(bare, samples.lineage()).partition("## From")[2]


def test_markdown_escapes_what_the_data_says():
    lineage = replace(samples.lineage(), data_uri=samples.HOSTILE, links={"x": "javascript:1"})
    text = summary_markdown(samples.evidence(), lineage)
    assert "<script>" not in text.replace("\\<script\\>", "")
    assert "](<javascript" not in text


def test_markdown_without_gates_or_measurements():
    verdict = samples.verdict().model_copy(update={"gates": ()})
    empty = samples.evidence().model_copy(update={"measurements": (), "verdict": verdict})
    assert "## Gates\n\nnone" in summary_markdown(empty, samples.lineage())
