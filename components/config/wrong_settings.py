"""What is wrong with settings, said in the words of who wrote them: one line for each."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from components.config.nearest import did_you_mean
from components.config.yaml_text import shown

_MOST_TOLD = 10
_LONGEST_ENTRY = 60

_SIGNS = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}
_BOUNDS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "a number is accepted"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number is accepted"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false is accepted"),
    **dict.fromkeys(("dict_type", "model_type"), "a section of settings is accepted"),
    "model_attributes_type": "a section of settings is accepted",
}
_ACCEPTED = "accepted are "
_LISTS = ("tuple_type", "list_type", "set_type")


@dataclass(frozen=True)
class _Place:
    """Where in the settings something is wrong, as it is written, and what is known there."""

    path: tuple[str, ...]
    section: type[BaseModel] | None
    field: FieldInfo | None


def wrong_settings(
    error: ValidationError,
    asked: type[BaseModel],
    raw: Any,
    within: str,
    unused: Collection[str] = (),
) -> str:
    """What is wrong with `raw`, which is no `asked`: for each setting its key, value, what may be.

    `within` is the section that all of it lies in, empty for all settings. Of sections that are
    `unused`, as those of images where there are rows, no setting is named in place of another.
    """
    prefix = tuple(within.split(".")) if within else ()
    lines: dict[str, list[str]] = {}
    already: list[str] = []
    found = error.errors()
    for item in sorted(found, key=lambda each: each["type"] == "missing"):
        if item["type"] == "too_short" and _is_wrong_within(item, found):
            continue  # what is wrong is not counted
        place = _place(item, asked, raw)
        key = ".".join((*prefix, *place.path))
        told = lines.setdefault(_subject(key, item), [])
        is_unknown = item["type"] == "extra_forbidden"
        said = (
            _unknown(place, key, () if within else _elsewhere(place, asked, raw, unused))
            if is_unknown
            else _accepted(item, place)
        )
        _, _, listed = said.partition(_ACCEPTED)
        if is_unknown and any(listed == each for each in already):
            said = said.removesuffix(f"{_ACCEPTED}{listed}").rstrip("; ")
        already.append(listed)
        if said not in told:
            told.append(said)
    whole = [
        f"{key}: {', or '.join(told)}" if key else ", or ".join(told) for key, told in lines.items()
    ]
    more = len(whole) - _MOST_TOLD
    return "; ".join(whole[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _is_wrong_within(item: Any, found: Iterable[Any]) -> bool:
    """True where something is wrong with a part of it, too."""
    loc = item["loc"]
    return any(len(each["loc"]) > len(loc) and each["loc"][: len(loc)] == loc for each in found)


def _subject(key: str, item: Any) -> str:
    """The setting and, where it is one that shows what is wrong, its value."""
    kind, value = item["type"], item["input"]
    if kind == "union_tag_invalid":
        tag = f"{key}.{_discriminator(item)}" if key else _discriminator(item)
        return f"{tag} = {shown(item['ctx']['tag'])}"
    if kind == "union_tag_not_found":
        return (
            f"{key}.{_discriminator(item)}"
            if isinstance(value, Mapping)
            else (f"{key} = {shown(value)}")
        )
    is_whole = kind in ("missing", "value_error") and isinstance(value, Mapping | BaseModel)
    return key if is_whole or not key else f"{key} = {shown(value)}"


def _accepted(item: Any, place: _Place) -> str:
    """What is wrong with it, or what is accepted in its place."""
    kind, ctx = item["type"], item.get("ctx", {})
    if kind == "missing":
        return "it is missing"
    if kind in ("union_tag_invalid", "enum", "literal_error"):
        names = _names(ctx.get("expected_tags") or ctx.get("expected", ""))
        value = ctx.get("tag", item["input"])
        return f"{did_you_mean(value, names)}accepted are {', '.join(names)}"
    if kind == "union_tag_not_found":
        if not isinstance(item["input"], Mapping):
            return _KINDS["dict_type"]
        names = _tags(place.field, _discriminator(item))
        return "it is missing" + (f"; {_ACCEPTED}{', '.join(names)}" if names else "")
    if kind == "string_type":
        is_number = isinstance(item["input"], int | float)
        return "text is accepted" + (f', such as "{item["input"]}"' if is_number else "")
    if kind in _LISTS:
        return f"a list is accepted, such as [{_entry(item['input'], place)}]"
    if kind in _BOUNDS:
        ((sign, bound),) = ctx.items()
        told = _bounds(place.field) or f"{_SIGNS[sign]} {_plain(bound)}"
        return f"a number {told} is accepted"
    if kind == "string_pattern_mismatch":
        return f"text of the pattern {ctx['pattern']} is accepted"
    if kind == "too_short":
        return f"at least {ctx['min_length']} are accepted"
    if kind in _KINDS:
        return _KINDS[kind]
    return str(item["msg"]).removeprefix("Value error, ")


def _entry(value: Any, place: _Place) -> str:
    """The value as it would stand in a list of the setting, in quotes where text is asked for."""
    if not isinstance(value, str | int | float) or len(str(value)) > _LONGEST_ENTRY:
        return "..."
    asks_text = place.field is not None and str in get_args(place.field.annotation)
    return f'"{value}"' if asks_text and not isinstance(value, str) else str(value)


def _unknown(place: _Place, key: str, elsewhere: Iterable[str]) -> str:
    """That there is no such setting; the one nearest, and which there are."""
    known = list(place.section.model_fields) if place.section else []
    before, name = key.rpartition(".")[0], place.path[-1]
    hint = did_you_mean(name, known, before=f"{before}." if before else "")
    same = sorted(elsewhere, key=lambda found: found.count("."))
    if same:
        hint = f"did you mean {same[0]}? "
    return f"there is no such setting; {hint}{_ACCEPTED}{', '.join(known)}"


def _elsewhere(
    place: _Place, asked: type[BaseModel], raw: Any, unused: Collection[str]
) -> Iterator[str]:
    """Settings of the same name in the same section, or in any where it is in none."""
    *sections, name = place.path
    for found in _keys_called(name, asked, raw):
        top = found.partition(".")[0]
        if top == sections[0] if sections else top not in unused:
            yield found


def _keys_called(name: str, section: type[BaseModel], raw: Any, above: str = "") -> Iterator[str]:
    """Where else there are settings of that name, as these settings are."""
    for key, field in section.model_fields.items():
        if key == name:
            yield f"{above}{key}"
        if get_origin(field.annotation) in (tuple, dict):
            continue
        value = _item(raw, key)
        inner = _chosen(list(_sections(field.annotation)), value)
        if inner is not None:
            yield from _keys_called(name, inner, value, f"{above}{key}.")


def _place(item: Any, asked: type[BaseModel], raw: Any) -> _Place:
    """Where it is: pydantic's place without the names of the choices that it tried."""
    path: list[str] = []
    value, choices, section, field = raw, [asked], asked, None
    parts, last = item["loc"], len(item["loc"]) - 1
    found: type[BaseModel] | None = section
    for number, part in enumerate(parts):
        if isinstance(value, Mapping):
            if part not in value and not (number == last and item["type"] == "missing"):
                continue  # the name of a choice
        elif not isinstance(part, int) or not isinstance(value, Sequence):
            continue
        path.append(str(part))
        chosen = _chosen(choices, value)
        if number == last:
            found = chosen
        if chosen is not None and isinstance(part, str):
            field = chosen.model_fields.get(part)
            choices = list(_sections(field.annotation)) if field else []
        value = _item(value, part)
    return _Place(tuple(path), found, field)


def _item(value: Any, part: Any) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None


def _chosen(choices: Sequence[type[BaseModel]], value: Any) -> type[BaseModel] | None:
    """Of the sections that may stand here the one whose name `value` gives."""
    if len(choices) <= 1:
        return choices[0] if choices else None
    if not isinstance(value, Mapping):
        return None
    for section in choices:
        for name, field in section.model_fields.items():
            is_name = get_origin(field.annotation) is Literal
            if is_name and name in value and value[name] in get_args(field.annotation):
                return section
    return None


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """All sections that a value of this type may be, or hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in get_args(annotation):
        yield from _sections(part)


def _bounds(field: FieldInfo | None) -> str:
    """All bounds of a number, such as "above 0 and below 1"."""
    found = [
        f"{word} {_plain(getattr(bound, sign))}"
        for bound in (field.metadata if field else ())
        for sign, word in _SIGNS.items()
        if getattr(bound, sign, None) is not None
    ]
    return " and ".join(found)


def _plain(number: Any) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)


def _tags(field: FieldInfo | None, discriminator: str) -> list[str]:
    """The names of the sections that may stand in a field, by what tells them apart."""
    told = (
        section.model_fields[discriminator].annotation
        for section in _sections(field.annotation if field else None)
    )
    return [str(name) for annotation in told for name in get_args(annotation)]


def _discriminator(item: Any) -> str:
    return str(item["ctx"]["discriminator"]).strip("'")


def _names(expected: str) -> list[str]:
    """The names in pydantic's "'a', 'b' or 'c'"."""
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",")]
