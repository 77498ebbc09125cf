"""The Python in `docs/downstream.md`, so that what the page says is what is tested."""

import re

from tests.home import PROJECT

_MARKED = re.compile(r"<!-- snippet: (\w+) -->\n```python\n(.*?)```", re.DOTALL)


def snippets(name: str) -> dict[str, str]:
    """The page's marked snippets by name, for the registered model `name`."""
    text = (PROJECT / "docs" / "downstream.md").read_text()
    return {key: code.replace("NAME", name) for key, code in _MARKED.findall(text)}
