"""How people are told: a webhook by its address, mail or chat by a block of Prefect's."""

import os

from prefect.blocks.core import Block
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import ActionTypes, CallWebhook, SendNotification

from components.errors import UserError

WEBHOOK_VARIABLE = "MINTMARK_WEBHOOK_URL"
BLOCKS_VARIABLE = "MINTMARK_NOTIFY_BLOCKS"
_BLOCK = "mintmark-notifications"
_REASON = (
    "(event.payload.get('reason') or event.payload.get('validated_state', {}).get('message', ''))"
)
_WHAT = "(event.payload.get('model') or event.resource.get('prefect.resource.name', ''))"
_FIELDS = {
    "event": "event.event",
    "what": _WHAT,
    "version": "event.payload.get('version', '')",
    "reason": _REASON,
    "resource": "event.resource.id",
    "occurred": "event.occurred | string",
}
_PAYLOAD = ", ".join(f'"{key}": {{{{ {value} | tojson }}}}' for key, value in _FIELDS.items())
_SUBJECT = f"Mintmark: {{{{ event.event }}}} {{{{ {_WHAT} }}}}"
_BODY = f"{{{{ {_REASON} }}}}\n{{{{ event.resource.id }}}} at {{{{ event.occurred }}}}"


def ways_to_tell(client: SyncPrefectClient) -> list[ActionTypes]:
    """The actions that tell people, as the two variables say; none where neither is set.

    `MINTMARK_WEBHOOK_URL` is posted JSON to. `MINTMARK_NOTIFY_BLOCKS` names blocks made in
    Prefect's pages, as `slack-webhook/NAME,email/NAME`. Raises UserError for one that is not there.
    """
    ways: list[ActionTypes] = []
    if url := os.environ.get(WEBHOOK_VARIABLE):
        block = Webhook(method="POST", url=url)
        identifier = block.save(_BLOCK, overwrite=True)
        ways.append(CallWebhook(block_document_id=identifier, payload=f"{{{_PAYLOAD}}}"))
    for name in filter(None, os.environ.get(BLOCKS_VARIABLE, "").split(",")):
        ways.append(_notification(name.strip()))
    return ways


def _notification(name: str) -> SendNotification:
    try:
        block = Block.load(name)
    except ValueError as error:
        raise UserError(f"{BLOCKS_VARIABLE}: no notification block {name!r}: {error}") from error
    assert isinstance(block, Block) and block._block_document_id is not None
    return SendNotification(
        block_document_id=block._block_document_id, subject=_SUBJECT, body=_BODY
    )
