"""Procedural expression, and the tables that libraries bring."""

import importlib.util

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from components.data.bundled import is_bundled, load_bundled
from components.data.expression import (
    CELLS,
    DECIMALS,
    NUM_GENES,
    OF_LINEAGE,
    OF_TYPE,
    TARGET,
    draw_expression,
    draw_markers,
    type_names,
)
from components.data.images.bundled import is_bundled_images
from components.errors import UserError

CELLS_DRAWN = draw_expression()
GENES = CELLS_DRAWN.drop(columns=TARGET)


def test_types_are_as_frequent_as_those_of_real_blood() -> None:
    counts = CELLS_DRAWN[TARGET].value_counts()
    assert counts[type_names()].tolist() == list(CELLS)
    assert len(CELLS_DRAWN) == 700 and (counts.min(), counts.max()) == (8, 240)


def test_values_are_logarithms_with_many_exact_zeros() -> None:
    assert GENES.shape == (700, NUM_GENES) and GENES.min(axis=None) == 0
    assert 0.6 < (GENES == 0).mean(axis=None) < 0.75  # real ones: .67
    assert_frame_equal(GENES, GENES.round(DECIMALS))
    assert (GENES.nunique() > 1).all()


def test_markers_are_raised_in_their_types_and_programs_move_genes_together() -> None:
    markers = draw_markers(np.random.default_rng(0))
    raised = (markers.types > 0).sum(axis=1)
    assert raised.max() <= OF_LINEAGE + OF_TYPE and raised.min() > OF_LINEAGE
    names = np.array(type_names())
    clearest = np.argmax(markers.types, axis=1)
    for place in np.flatnonzero(np.array(CELLS) > 40):
        own = CELLS_DRAWN[TARGET] == names[place]
        values = GENES.iloc[:, clearest[place]]
        assert values[own].mean() > values[~own].mean() + 0.1
    of_one_type = GENES[CELLS_DRAWN[TARGET] == names[np.argmax(CELLS)]].corr().to_numpy()
    moved = [_mean_of_pairs(of_one_type[np.ix_(p > 0, p > 0)]) for p in markers.programs]
    assert np.mean(moved) > _mean_of_pairs(of_one_type) + 0.02


def _mean_of_pairs(correlations: np.ndarray) -> float:
    return float(np.nanmean(correlations[np.triu_indices(len(correlations), 1)]))


def test_the_same_seed_draws_the_same_cells() -> None:
    assert_frame_equal(draw_expression(), CELLS_DRAWN)
    assert not draw_expression(1).equals(CELLS_DRAWN)


def test_what_is_drawn_is_a_table_or_images_never_both() -> None:
    assert is_bundled("procedural:expression") and not is_bundled_images("procedural:expression")
    assert is_bundled_images("procedural:lesions") and not is_bundled("procedural:lesions")
    assert is_bundled("sklearn:titanic") and is_bundled("scanpy:pbmc68k")


def test_blood_cells_come_with_scanpy_or_say_how_to_get_it() -> None:
    if importlib.util.find_spec("scanpy") is None:
        with pytest.raises(UserError, match=r"scanpy.*pip install 'mintmark\[genes\]'"):
            load_bundled("scanpy:pbmc68k")
    else:
        assert load_bundled("scanpy:pbmc68k").shape == (700, 766)
