"""Whether the name of a column of whole numbers says that they are somebody's or something's."""

import re

_PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")

_OWN = frozenset(
    "id uid uuid guid pk key code hash identifier ssn iban passport imei isbn ean gtin mrn sku "
    "barcode serial".split()
)
"""Words that say it where they are the last one."""
_LEADING = frozenset("id uid uuid guid".split())
"""Words that say it where they are the first one, too."""
_CODES = frozenset("zip zipcode postcode postalcode plz fips icd naics".split())
"""Words for codes of what many have: places, illnesses, branches."""
_PEOPLE = (
    "account acct card client cust driver emp iban kunde loan member mobile mrn owner passenger "
    "passport patient person phone policy ssn staff student subject telephone user visitor voter"
).split()
"""How words begin for people and what they have: which ones there are is not given out."""
_ALONE = frozenset("phone telephone index unnamed".split())
"""Words that say it where they are all there is: of people's phones, and of pandas' rows."""
_NUMBERS = frozenset("number num no nr nbr nummer ref reference".split())
"""Words that say it behind what has such numbers. Alone they may count: `number_of_steps`."""
_OWNERS = frozenset(
    "account acct article bill booking card case cert certificate claim client contract cust "
    "customer device document emp employee encounter fax file insurance invoice item kunden "
    "licence license loan member mobile order partner passenger passport patient payment person "
    "phone policy post product record registration row sample security ship shipment sim staff "
    "student subject tax telephone ticket tracking transaction user vehicle visit voter".split()
)
_COMPOUND = re.compile(
    rf"({'|'.join(sorted(_OWNERS))})s?(id|uid|key|code|number|num|no|nr|nbr|ref)"
)
_GERMAN = re.compile(r"\w{3,}nummer")
_MEASURES = frozenset(
    "age altitude amount area at average avg balance byte bytes cent cents cm cost count counts "
    "created date datetime day days diameter distance duration epoch eur euro euros g height "
    "hour hours income kg km length m mean median mg micros microseconds millis milliseconds "
    "min minutes ml mm modified month months ms nanos nanoseconds ns of pct percent population "
    "price rate ratio revenue salary sales score sec seconds share size speed sqft sum t "
    "temperature time timestamp total ts updated us usd value volume wei weight width year "
    "years".split()
)
"""Words for what is measured, or when: beside one of them nothing else is believed."""


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in small letters, numbers at their ends left out.

    >>> words_of("customerID_2"), words_of("Invoice No.")
    (('customer', 'id'), ('invoice', 'no'))
    """
    words = (word.lower().rstrip("0123456789") for word in _PARTS.split(name))
    return tuple(word for word in words if word)


def names_a_measure(name: str) -> bool:
    """True where a word of the name is one for a quantity or for a time.

    >>> names_a_measure("timestamp_ns"), names_a_measure("tweet")
    (True, False)
    """
    return not _MEASURES.isdisjoint(words_of(name))


def names_an_identifier(name: str) -> bool:
    """True where the words say so, and none that something is measured.

    A wrong yes loses a measurement, a wrong no only learns a number: what may count is a no.

    >>> [names_an_identifier(name) for name in ("id", "PassengerId", "orderno", "Invoice No.")]
    [True, True, True, True]
    >>> [names_an_identifier(name) for name in ("num_children", "cell_number", "paid", "id_mm")]
    [False, False, False, False]
    """
    words = words_of(name)
    if not words or names_a_measure(name):
        return False
    last = words[-1]
    if last in _OWN or words[0] in _LEADING or (len(words) == 1 and last in _ALONE):
        return True
    if _COMPOUND.fullmatch(last) or _GERMAN.fullmatch(last):
        return True
    is_owned = len(words) > 1 and (words[-2] in _OWNERS or last in ("nr", "nummer"))
    return is_owned and last in _NUMBERS


def names_a_code(name: str) -> bool:
    """True where numbers that come again are names: of shops, products or places, not of people.

    >>> [names_a_code(name) for name in ("store_id", "zip", "ZipCode", "zip_income", "customerID")]
    [True, True, True, False, False]
    """
    words = words_of(name)
    if any(word.startswith(tuple(_PEOPLE)) for word in words):
        return False
    is_code = bool(words) and not _CODES.isdisjoint((words[-1], "".join(words[-2:])))
    return names_an_identifier(name) or (is_code and not names_a_measure(name))
