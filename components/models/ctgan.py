"""A conditional tabular GAN (after Xu et al. 2019, with what has been learned since)."""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.config import CtganConfig
from components.data.gan_encoding import (
    CodeSettings,
    ColumnCode,
    decode_rows,
    encode_rows,
    learn_codes,
)
from components.data.schema import Scalar, Schema
from components.data.table import Matrix, Table, check_condition, decode, encode
from components.errors import UserError
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, log_nothing
from components.models.ctgan_game import CtganGame, activate, build_generator, lay_out
from components.models.ctgan_selection import two_sample_auc
from components.networks.mlp import RowGenerator
from components.training.adversarial import Schedule, train
from components.training.checkpoints import CheckpointStore

SAMPLE_BATCH = 10_000
MOST_JUDGED = 5_000
FEWEST_HELD_OUT = 50


class Ctgan:
    """`TabularModel`: rows by a generator, given the class of a discrete target."""

    schema_: Schema

    def __init__(self, config: CtganConfig) -> None:
        self.config = config

    def fit(
        self,
        table: Table,
        *,
        seed: int,
        budget: Budget = Budget(),
        log: LogMetrics = log_nothing,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Learn from `table`; see `TabularModel.fit`."""
        self.schema_ = table.schema
        matrix = encode(table.frame, table.schema)
        rng = np.random.default_rng([seed, 0x6A])
        order = rng.permutation(len(matrix))
        num_held = math.floor(len(matrix) * self.config.holdout_share)
        num_held = num_held if num_held >= FEWEST_HELD_OUT else 0
        held_out, rows = matrix[order[:num_held]], matrix[order[num_held:]]
        labels = self._learn_classes(rows)
        free, free_schema = self._free(rows)
        c = self.config
        self.codes_ = learn_codes(free, free_schema, CodeSettings(max_levels=c.max_levels, spike_share=c.spike_share))
        self.layout_ = lay_out(self.codes_)
        self.layout_ = lay_out(self.codes_)
        encoded = encode_rows(free, self.codes_)
        self.goal_ = torch.from_numpy(encoded.slots.mean(0))
        game = CtganGame(c, self.layout_, encoded, labels, len(self.shares_), seed)
        store = None
        if checkpoint_dir:
            store = CheckpointStore(checkpoint_dir, self._fingerprint(matrix, seed))
        self.generator_ = game.averaged.module

        def judge() -> float | None:
            if not num_held:
                return None
            n = min(len(rows), MOST_JUDGED)
            self._calibrate()
            made = self._sample_matrix(n + num_held, None, 12345)
            return two_sample_auc(rows[:n], held_out, made[:n], made[n:])

        steps_per_epoch = math.ceil(len(rows) / game.batch_size)
        steps = min(c.steps, c.max_epochs * steps_per_epoch)
        schedule = Schedule(steps, c.look_every, c.patience, budget.seconds, c.checkpoint_seconds)
        weights = train(game, schedule, judge=judge, score_name="two_sample_auc", log=log, store=store)
        self.generator_ = build_generator(c, self.layout_, len(self.shares_)).eval()
        self.generator_.load_state_dict(weights)
        self._calibrate()

    def _free(self, rows):
        learned = self.schema_.learned
        keep = [i for i, c in enumerate(learned) if not (c.is_discrete and c.name == self.schema_.target)]
        sch = Schema(columns=tuple(learned[i] for i in keep), target=learned[keep[0]].name)
        return rows[:, keep], sch

    def _learn_classes(self, rows: Matrix) -> Tensor:
        t = self.schema_.target_column
        if not t.is_discrete:
            self.shares_ = np.ones(1)
            return torch.zeros(len(rows), dtype=torch.int64)
        self.t_index = [c.name for c in self.schema_.learned].index(t.name)
        v = rows[:, self.t_index]
        lab = np.where(np.isnan(v), len(t.categories), v).astype(np.int64)
        self.shares_ = np.bincount(lab, minlength=len(t.categories) + 1) / len(lab)
        return torch.from_numpy(lab)

    def _fingerprint(self, matrix, seed):
        h = hashlib.sha256(self.config.model_dump_json().encode())
        h.update(self.schema_.model_dump_json().encode())
        h.update(f"{seed}".encode())
        h.update(np.ascontiguousarray(matrix).tobytes())
        return h.hexdigest()

    def _calibrate(self):
        """marginals"""
        self.bias_ = torch.zeros(self.layout_.num_slots)
        self.grid_ = None
        if not self.config.calibrate: return
        g = torch.Generator().manual_seed(777)
        labels = self._labels(10000, None, g)
        with torch.no_grad():
            raw = self._raw(labels, g)
        L = self.layout_
        # target marginals
        if L.num_slots:
            logits = raw[:, :L.num_slots]
            uni = torch.rand(logits.shape, generator=g).clamp_(1e-7, 1-1e-7)
            noisy = logits - torch.log(-torch.log(uni))
            goal = self.goal_.split(L.groups)
            out = []
            for part, lo, p in zip(noisy.split(L.groups, 1), logits.split(L.groups, 1), goal):
                b = torch.zeros(part.shape[1])
                for _ in range(20):
                    q = torch.bincount((part + b).argmax(1), minlength=len(b)).float() / len(part)
                    q = torch.softmax(lo + b, 1).mean(0)
                    b = b + 0.7 * ((p + 1e-5).log() - (q + 1e-5).log())
                    b = b.clamp(-3, 3)
                out.append(b)
            self.bias_ = torch.cat(out)
        rows = self._discretise(raw + torch.cat([self.bias_, torch.zeros(len(L.gates))]), g)
        self.grid_ = []
        padded = torch.cat([rows[:, :L.num_slots], torch.ones(len(rows), 1)], 1)
        for j, gate in enumerate(L.gates):
            used = padded[:, gate] > .5
            s = raw[used, L.num_slots + j] if used.sum() > 200 else None
            if s is None: self.grid_.append(None); continue
            k = min(512, len(s) // 4)
            self.grid_.append(torch.quantile(s, (torch.arange(k) + .5) / k).numpy().astype(float))

    def _discretise(self, raw, g):
        return activate(raw, self.layout_, 1.0, True, g)

    def _labels(self, n, code, g):
        if code is not None:
            return torch.full((n,), code)
        return torch.multinomial(torch.from_numpy(self.shares_), n, replacement=True, generator=g)

    def _raw(self, labels, g):
        noise = torch.randn(len(labels), self.config.noise_size, generator=g)
        cond = torch.nn.functional.one_hot(labels, len(self.shares_)).float()
        return self.generator_(noise, cond)

    @torch.no_grad()
    def _sample_matrix(self, n, code, seed):
        g = torch.Generator().manual_seed(seed)
        L = self.layout_
        parts = []
        for s in range(0, n, SAMPLE_BATCH):
            labels = self._labels(min(SAMPLE_BATCH, n - s), code, g)
            raw = self._raw(labels, g)
            raw[:, :L.num_slots] += self.bias_
            rows = self._discretise(raw, g)
            scores = raw[:, L.num_slots:]
            u = torch.special.ndtr(scores.double()).numpy()
            if self.grid_ is not None:
                for j, grid in enumerate(self.grid_):
                    if grid is not None:
                        u[:, j] = np.interp(scores[:, j].numpy(), grid, (np.arange(len(grid)) + .5) / len(grid))
            free = decode_rows(rows[:, :L.num_slots].numpy(), u, self.codes_)
            if self.schema_.is_classification:
                t = np.where(labels.numpy() == len(self.schema_.target_column.categories), np.nan, labels.numpy())
                free = np.insert(free, self.t_index, t, axis=1)
            parts.append(free)
        return np.concatenate(parts)

    def sample(self, num_rows, *, condition=None, seed):
        code = check_condition(condition, self.schema_)
        return decode(self._sample_matrix(num_rows, code, seed), self.schema_, seed=seed)
