"""The page of what made images bring: gains over the best way without, on the same draws."""

from typing import Any

from benchmarks.image_benefit import WITHOUT, case_of
from benchmarks.image_benefit_page import lines, page
from tests.pictured import digits


def entries(**accuracies: list[float]) -> dict[str, dict[str, Any]]:
    return {
        f"mnist|20|{draw}|{way}": {"accuracy": value, "seconds": 2.0}
        for way, values in accuracies.items()
        for draw, value in enumerate(values)
    }


def test_a_gain_is_over_the_way_that_is_best_on_average() -> None:
    found = entries(real=[0.95, 0.7], classic=[0.9, 0.9], gan=[0.91, 0.88], gaussian=[0.8])
    assert list(lines(found, WITHOUT)) == [
        ["mnist", "20", "classic, .900", "gan", "-.005 (-.196 to +.186)", "1 of 2 draws", "2"],
        ["mnist", "20", "real, .950", "gaussian", "-.150 (one draw)", "0 of 1 draws", "2"],
    ]


def test_a_way_that_was_not_tried_in_every_draw_is_not_compared_with() -> None:
    found = entries(real=[0.95], classic=[0.9, 0.9], gan=[0.91, 0.91])
    assert [line[2] for line in lines(found, WITHOUT)] == ["classic, .900"]


def test_draws_that_have_nothing_to_compare_with_are_left_out() -> None:
    assert page(entries(gan=[0.91]), WITHOUT).count("\n| ") == 2


def test_no_image_is_learned_from_and_held_out() -> None:
    case = case_of(digits(300), 5, 0, at_will=False)
    seen, others = ({image.tobytes() for image in part.images} for part in (case.few, case.test))
    assert len(case.few) == 50 and not seen & others
