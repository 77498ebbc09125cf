"""The pool of past samples: filled first, then half of each batch is swapped."""

import torch

from components.training.replay import ReplayPool


def _random() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_the_first_batches_fill_it_and_are_shown_as_they_are():
    pool, samples = ReplayPool(5), torch.arange(8.0).reshape(4, 2)
    for _ in range(2):
        shown, told = pool.swap(samples, torch.arange(4), _random())
        assert torch.equal(shown, samples) and told.tolist() == [0, 1, 2, 3]
    assert pool.conditions.tolist() == [0, 1, 2, 3, 0]


def test_then_half_of_a_batch_comes_from_it_with_its_conditions():
    pool = ReplayPool(4)
    pool.swap(torch.zeros(4, 1), torch.zeros(4, dtype=torch.int64), _random())
    shown, told = pool.swap(torch.ones(4, 1), torch.ones(4, dtype=torch.int64), _random())
    assert shown[:, 0].tolist() == [0, 0, 1, 1] and told.tolist() == [0, 0, 1, 1]
    assert pool.samples.sum() == 2 and pool.conditions.sum() == 2


def test_what_it_holds_can_be_put_back():
    pool, again, random = ReplayPool(3), ReplayPool(3), _random()
    pool.swap(torch.arange(3.0)[:, None], torch.arange(3), random)
    again.restore(pool.state(), torch.device("cpu"))
    batch = (torch.full((4, 1), 9.0), torch.full((4,), 9))
    first, second = (each.swap(*batch, _random()) for each in (pool, again))
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
