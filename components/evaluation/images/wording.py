"""What evaluators and plots of tables say, said of images, or of steps."""

import re

from components.evaluation.evidence import Evidence, Verdict


def said_of(text: str, unit: str) -> str:
    """What is said of rows, said of what `unit` names, one of them.

    >>> said_of("the share of rows in a narrow row", "step")
    'the share of steps in a narrow step'
    >>> said_of("Rows in parts: how sure a row is", "image")
    'Images in parts: how sure an image is'
    """
    article = "an" if unit[0] in "aeio" else "a"
    text = re.sub(r"\b([Aa]) (?=row\b)", lambda found: f"{article.replace('a', found[1])} ", text)
    text = re.sub(r"\bRow(s?)\b", rf"{unit.capitalize()}\1", text)
    return re.sub(r"\brow(s?)\b", rf"{unit}\1", text)


def said_of_images(text: str) -> str:
    """What is said of rows, said of images.

    >>> said_of_images("the share of rows in a narrow row")
    'the share of images in a narrow image'
    """
    return said_of(text, "image")


def verdict_of_images(verdict: Verdict) -> Verdict:
    """The verdict, whose hints speak of images where those of tables speak of rows."""
    gates = tuple(
        gate.model_copy(update={"reason": said_of_images(gate.reason)}) for gate in verdict.gates
    )
    return verdict.model_copy(update={"gates": gates, "summary": said_of_images(verdict.summary)})


def evidence_of_images(evidence: Evidence) -> Evidence:
    """The evidence, whose figures and verdict speak of images; notes, which name kinds, stay."""
    measurements = tuple(
        m.model_copy(update={"meaning": said_of_images(m.meaning)}) for m in evidence.measurements
    )
    return evidence.model_copy(
        update={"measurements": measurements, "verdict": verdict_of_images(evidence.verdict)}
    )
