"""The two doors: is the evidence good enough, and can anyone use the version?"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from components.config import (
    Approval,
    ColumnKind,
    EvaluateConfig,
    Params,
    Purpose,
    makes_images,
)
from components.data.images.schema import schema_of
from components.data.images.sets import joined
from components.data.schema import DISCRETE, Schema
from components.evaluation.evidence import Outcome
from components.models.catalog import load_image_model
from components.models.contract import ImageModel, TabularModel
from components.registry.listing import pull
from components.registry.packaging.door import DoorLimits, pass_door
from components.registry.promotion import champion, decision_lock
from components.registry.tracking import connect
from components.stages.images import read_synthetic_images, read_test_images, read_train_images
from components.stages.paths import StagePaths
from components.stages.tables import read_test, read_train
from components.storage.home import find_home
from flows.announcements import Event, announce
from flows.promote import PromoteRequest, promote
from flows.services.turns import turn
from flows.steps.asking import ask_a_person, refusal
from flows.steps.outcome import Decision, Registered
from flows.watching.unseen import MIN_ROWS, unseen_images, unseen_rows

if TYPE_CHECKING:
    from components.evaluation.live.challenge import Challenge


@task(cache_policy=NO_CACHE, task_run_name="decide")
def decide(registered: Registered, params: Params, workspace: Path) -> Decision:
    """Whether the version becomes champion: the answers of both doors, in words."""
    home, logger = find_home(), get_run_logger()
    client = connect(home)
    current = champion(client, registered.model)
    door = pass_door(client, registered.model, registered.version, home, DoorLimits())
    logger.info("infrastructure door: %s", door.reason)
    if current == registered.version:
        reason = f"version {registered.version} is the champion already"
        return Decision(False, True, reason, door, current)
    verdict = registered.evidence.verdict
    refusals = [gate.reason for gate in verdict.gates if gate.outcome is Outcome.REFUSED]
    doubts = [gate.reason for gate in verdict.gates if gate.outcome is Outcome.UNDECIDED]
    if not door.passed:
        refusals.append(f"refused at the infrastructure door: {door.reason}")
    unlike = ""
    if current is not None and not refusals and not doubts:
        generator = pull(client, params.name, current)
        compared = _challenge(generator, current, params, StagePaths(workspace))
        logger.info(compared.reason)
        if not compared.compared:
            unlike = compared.reason
        elif not compared.passed:
            refusals.append(f"refused: {compared.reason}")
    reason = "; ".join(refusals or doubts) or "; ".join(filter(None, (verdict.summary, unlike)))
    undecided = bool(doubts) and not refusals
    promote_it = not refusals and not doubts
    return Decision(
        promote_it, False, reason, door, current, undecided=undecided, is_unlike=bool(unlike)
    )


def decide_and_settle(registered: Registered, params: Params, workspace: Path) -> Decision:
    """Decide and do it, one run of a model at a time: the next meets the champion this one left."""
    with turn("decide", registered.model), decision_lock(registered.model, find_home()):
        return settle(decide(registered, params, workspace), registered, params)


def settle(decision: Decision, registered: Registered, params: Params) -> Decision:
    """Do what was decided: promote, ask a person who may, or say why it was not promoted."""
    model, version = registered.model, registered.version
    if decision.is_champion:
        return decision
    if not decision.promote:
        event = Event.UNDECIDED if decision.undecided else Event.REFUSED
        announce(event, model, version=version, reason=decision.reason)
        return decision
    request = PromoteRequest(
        model=model,
        version=version,
        reason=decision.reason,
        approval=Approval.PERSON if decision.is_unlike else params.promote.approval,
        expires_hours=params.promote.expires_hours,
        expected=decision.champion or "",
    )
    if request.approval is Approval.AUTOMATIC:
        promote(request)
        return decision
    if (no := refusal(request)) is not None:
        return replace(decision, promote=False, reason=no)
    waiting = f"it waits for a person's approval; {decision.reason}"
    announce(Event.UNDECIDED, model, version=version, reason=waiting)
    return replace(decision, promote=False, waits=ask_a_person(request))


def _challenge(
    generator: TabularModel | ImageModel, current: str, params: Params, paths: StagePaths
) -> "Challenge":
    """What the new generator makes against what the champion makes, on the new run's test data.

    Of rows, on those that neither of the two was trained on.
    """
    # scikit-learn takes seconds
    from components.evaluation.live.challenge import Challenge, challenge, incomparable

    if params.evaluate.purpose is Purpose.ANOMALY:
        from components.stages.anomaly import compare_detectors

        return compare_detectors(generator, params, paths)
    makes = makes_images(params.train.model)
    if isinstance(generator, ImageModel) or makes:
        if not (isinstance(generator, ImageModel) and makes):
            return incomparable("the champion makes another kind of data")
        return _challenge_images(generator, current, params, paths)
    train, challenger = read_train(paths), pd.read_parquet(paths.synthetic)
    if why := _unlike(generator.schema_, train.schema, params.evaluate):
        return incomparable(why)
    test = unseen_rows(read_test(paths), params.prepare, params.name, current, find_home())
    if len(test) < MIN_ROWS:
        reason = f"the champion knows all but {len(test)} of the held-out rows: nothing to compare"
        return Challenge(False, 0.0, 0.0, reason)
    return challenge(
        train,
        test,
        champion=generator.sample(len(challenger), seed=params.synthesize.seed),
        challenger=challenger,
        purpose=params.evaluate.purpose,
        seed=params.evaluate.seed,
    )


_ALIKE = (
    frozenset({ColumnKind.NUMERICAL, ColumnKind.INTEGER}),
    DISCRETE,
    frozenset({ColumnKind.DATETIME}),
    frozenset({ColumnKind.IDENTIFIER}),
)
"""Kinds of column whose values can stand in one another's place; a constant's can in any."""


def _unlike(champion: Schema, challenger: Schema, config: EvaluateConfig) -> str:
    """Why rows of the champion's cannot be judged as rows of the challenger; empty where they can.

    A target that was named is what a model is for; one that stands in may change with the rows.
    """
    if set(champion.names) != set(challenger.names):
        return "the champion has other columns"
    for column in challenger.columns:
        kinds = {column.kind, champion[column.name].kind} - {ColumnKind.CONSTANT}
        if not any(kinds <= alike for alike in _ALIKE):
            return f"the champion's column {column.name!r} is of another kind"
    if champion.target != challenger.target and not config.stands_in:
        return f"the champion's target is {champion.target!r}, not {challenger.target!r}"
    return ""


def _challenge_images(
    generator: ImageModel, current: str, params: Params, paths: StagePaths
) -> "Challenge":
    from components.evaluation.images.challenge import challenge_images
    from components.evaluation.images.challenge_classifier import challenge_classifier
    from components.evaluation.live.challenge import Challenge, incomparable

    held_out = read_test_images(paths)
    test = unseen_images(held_out, params.prepare, params.name, current, find_home())
    if len(test) < min(MIN_ROWS, len(held_out)):
        reason = (
            f"the champion knows all but {len(test)} of the held-out images: nothing to compare"
        )
        return Challenge(False, 0.0, 0.0, reason)
    if params.evaluate.purpose is Purpose.CLASSIFICATION:
        return challenge_classifier(
            test, champion=generator, challenger=load_image_model(paths.model)
        )
    train, challenger = read_train_images(paths), read_synthetic_images(paths)
    if generator.schema_ != schema_of(train):
        return incomparable("the champion makes images of another size or other classes")
    parts = list(generator.draw_images(len(challenger), seed=params.synthesize.seed))
    return challenge_images(
        train,
        test,
        champion=joined(parts),
        challenger=challenger,
        config=params.evaluate,
    )
