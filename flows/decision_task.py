"""The two doors: is the evidence good enough, and can anyone use the version?"""

from prefect import task

from components.registry.door import DoorLimits, try_version
from components.registry.promotion import champion
from components.registry.tracking import connect
from components.storage.home import find_home
from flows.outcome import Decision, Registered


@task(task_run_name="decide")
def decide(registered: Registered) -> Decision:
    """Whether the version becomes champion: both doors' answers, in words."""
    home = find_home()
    current = champion(connect(home), registered.model)
    door = try_version(registered.model, registered.version, home, DoorLimits())
    verdict = registered.evidence.verdict
    name = f"version {registered.version}"
    if current == registered.version:
        return Decision(False, True, f"{name} is the champion already", door, current)
    refusals = [gate.reason for gate in verdict.gates if not gate.passed]
    if not door.passed:
        refusals.append(f"refused at the infrastructure door: {door.reason}")
    if refusals:
        return Decision(False, False, "; ".join(refusals), door, current)
    return Decision(True, False, verdict.summary, door, current)
