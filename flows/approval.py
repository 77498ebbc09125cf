"""What a person is shown who is asked to approve a promotion."""

from components.registry.promotion import champion
from components.registry.tracking import connect
from components.storage.home import find_home
from flows.services.running import version_page


def question(model: str, version: str, reason: str) -> str:
    """The question with the evidence for it, as Markdown: gates in words, and where to look."""
    home = find_home()
    client = connect(home)
    found = client.get_model_version(model, version)
    current = champion(client, model)
    page = version_page(home, model, version)
    lines = [
        f"**Shall version {version} of {model} become champion?**",
        f"Now: {f'version {current}' if current else 'no champion'}. {reason}",
        found.description or "It was registered without evidence.",
        f"[The version with its report in MLflow]({page})" if page else "",
    ]
    return "\n\n".join(line for line in lines if line)
