from dataclasses import replace

from components.reporting.lineage import facts, links
from tests.reporting import samples


def test_facts_are_in_order_and_complete():
    titles = [fact.title for fact in facts(samples.lineage())]
    assert titles[:2] == ["Model", "Version"] and titles[-1] == "When"
    assert "Content of models/" in titles


def test_version_and_dirty_tree_are_said():
    texts = {fact.title: fact.text for fact in facts(samples.lineage())}
    assert texts["Version"] == "not registered yet"
    assert texts["Git commit"] == "0123abc + uncommitted changes"
    assert replace(samples.lineage(), version="3").title == "adult-sharing v3"


def test_only_harmless_links_can_be_followed():
    targets = {
        "a": "https://example.org/x",
        "b": "reports/x.html",
        "c": "JavaScript:alert(1)",
        "d": "data:text/html,x",
        "e": "http://[broken",
        "f": "java\nscript:alert(1)",
        "g": "f363e3954f424d8caad2c278e29da169",
    }
    found = {link.title: link.href for link in links(replace(samples.lineage(), links=targets))}
    assert found["a"] == targets["a"] and found["b"] == targets["b"]
    assert [found[title] for title in "cdefg"] == [None] * 5
