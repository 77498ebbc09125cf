"""The page of tables: who is at least as good as the best, within its interval, at once."""

from benchmarks.tables import RANKED, misses, summary


def figures(shape: float, membership: float) -> dict[str, tuple[float, float, float]]:
    values = dict.fromkeys(RANKED, 0.55) | {"shape_error": shape, "membership_auc": membership}
    values["tstr_loss"] = 0.01
    return {metric: (value, value - 0.01, value + 0.01) for metric, value in values.items()}


def test_what_is_within_the_interval_of_the_best_is_not_missed() -> None:
    found = {"one": figures(0.10, 0.51), "near": figures(0.11, 0.52), "far": figures(0.12, 0.6)}
    assert misses("one", found) == misses("near", found) == []
    assert misses("far", found) == [
        "shape_error .120 against .110",
        "membership_auc .600 against .520",
    ]


def test_below_a_half_no_area_is_better() -> None:
    found = {"lucky": figures(0.10, 0.45), "fair": figures(0.10, 0.505)}
    assert misses("fair", found) == ["membership_auc .505 against .500"]
    assert misses("lucky", found) == []


def test_the_summary_names_who_clears_the_gates_and_the_best_of_these() -> None:
    entries = {
        "t|100|open": {"figures": figures(0.01, 0.60)},
        "t|100|one": {"figures": figures(0.10, 0.53)},
        "t|100|two": {"figures": figures(0.20, 0.51)},
        "t|100|none": {"failed": "ValueError"},
        "u|100|one": {"figures": figures(0.10, 0.51)},
        "v|100|open": {"figures": figures(0.10, 0.60)},
    }
    assert list(summary(entries)) == [
        "- t, 100 rows: 2 of 3 clear the gates (one, two); as good as the best of these on 4 of 5: "
        "one (misses membership_auc .530 against .520), two (misses shape_error .200 against .110)",
        "- u, 100 rows: 1 of 1 clear the gates (one); as good as the best of these on 5 of 5: one",
        "- v, 100 rows: none of 1 clears the gates",
    ]
