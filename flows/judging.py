"""Judging rows or images from any tool: read, evaluate, say where the figures come from."""

import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Protocol, TypeVar

from components.config import OF_MADE_ROWS, EvaluateConfig, Purpose, override, parse_evaluate
from components.data.foreign import read_foreign
from components.data.images.sets import is_images, read_images
from components.data.preparation import declared_kinds
from components.data.sources import absolute, read_source
from components.data.stand_in import STANDS_IN, stand_in_target
from components.errors import UserError
from components.evaluation.evaluate import evaluate
from components.evaluation.evidence import Evidence
from components.evaluation.images.panels import Panel
from components.models.contract import LogMetrics
from components.reporting.lineage import Lineage
from components.storage.code import git_revision
from flows.option_words import told_as_options
from flows.project import PROJECT

_SECTION = "evaluate"
_OF_A_GENERATOR = ("ratio", "ratios")
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "torch")


@dataclass(frozen=True)
class JudgeOrder:
    """The three files, what their columns are, and how they are judged."""

    train: str
    test: str
    synthetic: str
    target: str | None
    config: EvaluateConfig
    drop: Sequence[str] = ()
    kinds: Sequence[str] = ()

    @property
    def uris(self) -> dict[str, str]:
        """The three places by the options that named them."""
        return {"train": self.train, "test": self.test, "synthetic": self.synthetic}


@dataclass(frozen=True)
class Judged:
    """What was found, where it comes from, and what is to be looked at beside it."""

    evidence: Evidence
    lineage: Lineage
    panels: Sequence[Panel] = ()


def read_config(purpose: Purpose, protocol: str | None, settings: Sequence[str]) -> EvaluateConfig:
    """The settings of an evaluation, from options; raises UserError for one that has no effect."""
    if purpose not in OF_MADE_ROWS:
        raise UserError(
            f"--purpose {purpose}: that is asked of a model, not of rows; accepted here: "
            f"{', '.join(sorted(OF_MADE_ROWS))}"
        )
    base: dict[str, dict[str, object]] = {_SECTION: {"purpose": purpose.value}}
    given = [f"{_SECTION}.protocol={protocol}"] if protocol else []
    for text in (*given, *settings):
        key = text.partition("=")[0]
        if not key.startswith(f"{_SECTION}."):
            raise UserError(f"setting {text!r}: only those of {_SECTION}.key=value are used here")
        if key.partition(".")[2] in _OF_A_GENERATOR:
            raise UserError(f"setting {text!r} has no effect: the rows are used as they are, all")
        override(base, text)
    return parse_evaluate(base[_SECTION], "the options")


def judge_files(order: JudgeOrder, log: LogMetrics) -> Judged:
    """The evidence on the order's rows; raises UserError for files that cannot be judged.

    `log` is called once the files are read and found whole, and with each part that is done.
    """
    if any(map(is_images, order.uris.values())):
        return _judge_images(order, log)
    if order.target is None and order.config.purpose is not Purpose.SHARING:
        raise UserError("--target is missing: the column that learners are to predict")
    sources, notes = _read(order, read_source), []
    with told_as_options():
        target, kinds = order.target, declared_kinds(order.kinds)
        if target is None:
            target = stand_in_target(sources["train"].frame, drop=order.drop, kinds=kinds)
            notes.append(STANDS_IN.format(target=target))
        tables = read_foreign(
            sources["train"].frame,
            sources["test"].frame,
            sources["synthetic"].frame,
            target,
            drop=order.drop,
            kinds=kinds,
        )
    log(0, {"files_read": 1.0})
    evidence = evaluate(
        tables.train,
        tables.test,
        tables.synthetic.frame,
        make_and_fit=None,
        config=order.config,
        log=log,
    ).model_copy(update={"notes": (*notes, *tables.notes)})
    hashes = {name: source.sha256 for name, source in sources.items()}
    settings = {"drop": list(order.drop), "kinds": list(order.kinds)}
    return Judged(evidence, _lineage(order, hashes, evidence, settings))


def _judge_images(order: JudgeOrder, log: LogMetrics) -> Judged:
    """The same for images; raises UserError for what has no effect on them."""
    from components.evaluation.images.evaluate import evaluate_images  # imports torch

    given = {"--target": order.target, "--drop": order.drop, "--kind": order.kinds}
    idle = [option for option, value in given.items() if value]
    if idle:
        raise UserError(f"{idle[0]} has no effect on images")
    sources = _read(order, read_images)
    log(0, {"files_read": 1.0})
    judged = evaluate_images(
        sources["train"], sources["test"], sources["synthetic"], config=order.config, log=log
    )
    hashes = {name: each.sha256 for name, each in sources.items()}
    lineage = _lineage(order, hashes, judged.evidence, {}, what="images")
    return Judged(judged.evidence, lineage, judged.panels)


class _Hashed(Protocol):
    """What was read, and the SHA-256 of its bytes."""

    @property
    def sha256(self) -> str:
        """As hexadecimal digits."""
        ...


_Read = TypeVar("_Read", bound=_Hashed)


def _read(order: JudgeOrder, read: Callable[[str], _Read]) -> dict[str, _Read]:
    """All three files; raises UserError where one stands in for another."""
    sources: dict[str, _Read] = {}
    places: dict[str, str] = {}
    for name, uri in order.uris.items():
        same = places.setdefault(_place(uri), name)
        if same != name:
            raise UserError(f"--{same} and --{name} are the same file, {uri!r}: give three files")
        try:
            sources[name] = read(uri)
        except UserError as error:
            raise UserError(f"--{name}: {error}") from error
    if sources["train"].sha256 == sources["test"].sha256:
        raise UserError(
            f"--train {order.train!r} and --test {order.test!r} have the same content: the test "
            "data must be data that was never trained on"
        )
    return sources


def _place(uri: str) -> str:
    path = Path(uri).expanduser()
    return str(path.resolve()) if path.exists() else absolute(uri)


def _lineage(
    order: JudgeOrder,
    hashes: Mapping[str, str],
    evidence: Evidence,
    settings: Mapping[str, list[str]],
    what: str = "rows",
) -> Lineage:
    revision = git_revision(PROJECT)
    return Lineage(
        name=Path(order.synthetic).name,
        version=None,
        generator=f"{what} as given",
        settings=dict(settings),
        data_uri=order.train,
        data_sha256=hashes["train"],
        num_train=evidence.num_train,
        num_test=evidence.num_test,
        num_synthetic=evidence.num_synthetic,
        seed=order.config.seed,
        git_commit=revision.removesuffix("+changes"),
        git_dirty=revision.endswith("+changes"),
        content_keys={
            order.test: hashes["test"],
            order.synthetic: hashes["synthetic"],
        },
        params_sha256=hashlib.sha256(order.config.model_dump_json().encode()).hexdigest(),
        libraries={"python": platform.python_version()}
        | {name: metadata.version(name) for name in _LIBRARIES},
        flow_run_id=None,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )
