"""The rules that real rows keep, and how many synthetic rows keep them: a table, worst first."""

from components.data.counted import counted
from components.evaluation.evidence import Constraint, Evidence
from components.reporting.plot import Listing, Plot
from components.reporting.wording import percent, shorten

SHOWN = 8
_BROKEN = 0.01
_KINDS = {
    "dependency": "one decides the other",
    "inequality": "an order of values",
    "sum": "a sum",
    "product": "a product",
    "order": "an order in time",
}


def list_constraints(evidence: Evidence) -> Plot:
    """The rules by how much more often synthetic rows break them; a table without a drawing."""
    rules = sorted(evidence.constraints, key=lambda rule: rule.synthetic - rule.real)
    folded = len(rules) > SHOWN
    return Plot(
        key="constraints",
        title="Are the rules of the real rows kept?",
        meaning=_meaning(rules),
        reading="Rules were found in the real rows; shares are of rows that keep them.",
        svg="",
        listing=_listing(rules[:SHOWN], "Worst rules", folded=False),
        further=_listing(rules[SHOWN:], f"{len(rules) - SHOWN} further rules", folded=True)
        if folded
        else None,
    )


def _meaning(rules: list[Constraint]) -> str:
    worst = rules[0]
    broken = [rule for rule in rules if rule.real - rule.synthetic > _BROKEN]
    if not broken:
        return (
            f"All {counted(len(rules), 'rule')} found in the real rows are kept as often in the "
            "synthetic ones, to within 1% of rows."
        )
    return (
        f"{len(broken)} of {counted(len(rules), 'rule')} are broken by more than 1% of the "
        f"synthetic rows; the worst, “{shorten(worst.rule, 80)}”, is kept by "
        f"{percent(worst.synthetic)} of them and by {percent(worst.real)} of the real rows."
    )


def _listing(rules: list[Constraint], title: str, *, folded: bool) -> Listing:
    rows = tuple(
        (rule.rule, _KINDS[rule.kind], percent(rule.real), percent(rule.synthetic))
        for rule in rules
    )
    return Listing(title, ("Rule", "Kind", "Real", "Synthetic"), rows, num_names=2, folded=folded)
