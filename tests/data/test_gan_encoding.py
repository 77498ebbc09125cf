"""The code of columns: what goes in comes out, and spikes keep their share."""

import numpy as np

from components.data.gan_encoding import (
    CodeSettings,
    decode_rows,
    encode_rows,
    learn_codes,
)
from components.data.schema import Column, ColumnKind

NUMBER = Column(name="x", kind=ColumnKind.NUMERICAL, dtype="float64")
LETTER = Column(name="c", kind=ColumnKind.CATEGORICAL, dtype="str", categories=("a", "b", "c"))


DEFAULTS = CodeSettings()


def _round_trip(matrix, columns, settings=DEFAULTS, at=0.5):
    codes = learn_codes(matrix.T, columns, settings)
    rows = encode_rows(matrix.T, codes, len(matrix))
    return codes, decode_rows(rows.slots, rows.low + at * (rows.high - rows.low), codes)


def test_levels_and_missing_values_come_back_exactly():
    matrix = np.array([[0.0], [2.0], [np.nan], [2.0]])
    codes, back = _round_trip(matrix, (LETTER,))
    assert codes[0].num_slots == 3 and not codes[0].is_continuous
    np.testing.assert_array_equal(back, matrix)


def test_heaps_come_back_exactly_from_anywhere_in_their_interval():
    values = np.repeat(np.arange(40.0), np.arange(1, 41))[:, None]
    for at in (0.02, 0.5, 0.98):
        codes, back = _round_trip(values, (NUMBER,), CodeSettings(spike_share=0.5), at)
        assert codes[0].num_slots == 0
        repeated = values[:, 0] > 0
        np.testing.assert_array_equal(back[repeated], values[repeated])


def test_a_spike_has_a_slot_and_the_rest_a_score():
    values = np.concatenate([np.zeros(50), np.random.default_rng(0).normal(size=50)])[:, None]
    codes, back = _round_trip(values, (NUMBER,))
    assert codes[0].levels.tolist() == [0.0] and codes[0].num_slots == 2
    np.testing.assert_allclose(back, values, atol=1e-5)


def test_uniform_probabilities_give_the_distribution_back():
    values = np.random.default_rng(0).lognormal(size=(5000, 1))
    codes = learn_codes(values.T, (NUMBER,), CodeSettings())
    drawn = np.random.default_rng(1).random((20000, 1))
    back = decode_rows(np.empty((20000, 0), np.int32), drawn, codes)
    for share in (0.01, 0.5, 0.99):
        assert abs(np.mean(back <= np.quantile(values, share)) - share) < 0.01


def test_rare_categories_share_a_score_and_decode_to_known_codes():
    many = LETTER.model_copy(update={"categories": tuple(str(i) for i in range(300))})
    matrix = np.concatenate([np.zeros(300), np.arange(300.0)])[:, None]
    codes, back = _round_trip(matrix, (many,), CodeSettings(max_categories=1))
    assert codes[0].num_slots == 2
    assert set(back[:, 0]) <= set(range(300))
    assert (back[:300] == 0).all()
