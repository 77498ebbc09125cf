"""Names of columns: which say that whole numbers are identifiers, and which might not."""

import pytest

from components.data.identifiers.names import names_a_measure, names_an_identifier


@pytest.mark.parametrize(
    "name",
    [
        "id",
        "ID",
        "customer_id",
        "CustomerID",
        "customerid",
        "id_customer",
        "customer_id_2",
        "PassengerId",
        "Account Number",
        "account-no",
        "Invoice No.",
        "orderno",
        "patient_nbr",
        "Kundennummer",
        "kunden_nr",
        "zip_code",
        "ProductCode",
        "SSN",
        "surrogate key",
        "userUUID",
        "phone",
        "phone_number",
        "row_hash",
    ],
)
def test_says_so(name: str) -> None:
    assert names_an_identifier(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "__",
        "num_children",
        "number_of_steps",
        "no_of_rooms",
        "number",
        "no",
        "cell_number",
        "nr_employed",
        "platelet_no",
        "income",
        "price",
        "account_balance",
        "savings_account",
        "revenue_per_customer",
        "customers",
        "humid",
        "paid",
        "grid",
        "acid",
        "covid",
        "keyboard",
        "monkey",
        "codec",
        "barcodes_scanned",
        "id_mm",
        "created_at",
        "timestamp_key",
        "population_code",
        "median_income_ref",
    ],
)
def test_may_be_measured(name: str) -> None:
    assert not names_an_identifier(name)


def test_a_time_is_a_measure() -> None:
    assert all(map(names_a_measure, ("event_ts", "timestampNs", "Created at", "amount wei")))
    assert not any(map(names_a_measure, ("tweet", "hash", "customer")))
