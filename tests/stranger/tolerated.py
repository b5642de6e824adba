"""Complaints that are dropped, each because a schema cannot say what the description of the API says.

`positive_data_acceptance` wants every request that fits the schema to be taken. What the server answers with a code of
its own for a reason that no schema can express is no fault of either; so 400 with such a code, or with such words, is
let pass. A 400 that says "malformed" for any other reason is a failure.

`negative_data_rejection` wants every request that does not fit to be refused by its status. Where the API describes a
refusal of another form (the till's container, one result for each part), that form is asked for instead of the status.
"""

import json
import re

# Codes that say "malformed", each in the words of its surface. Every other code of a 400 names what stands against it.
MALFORMED = {
    "invalid_request",
    "argument_error",
    "missing_data",
    "missing_field",
    "invalid_field",
    "invalid_json",
    "validation",
}

# What a malformed request may be told although it fits its schema. Each part of a message has to be one of these.
REASONS = re.compile(
    "|".join(
        (
            # Exactly one of several members names what is meant, or at least one (customers-campaigns.md B1.5,
            # incentives.md 7.2, 7.3, 7.16, catalog-transactions.md D.4).
            r"a customer needs an email or an external_id",
            r"exactly one( of .*)?",
            r"^(store_)?id or .* is required",
            r"value must be there, or increment",
            r"increment must not stand beside value",
            r"pos_item_key is required",
            r"must not be there together with percentage",
            r"^user_id is required",
            r"event_lookup is required",
            r"to_user_id is the same customer",
            r"belongs to no rule tree",
            # Times are compared with the clock, and with each other.
            r"must not be in the future",
            r"at most two years back",
            r"lies ahead",
            r"lies in the (past|future)",
            r"must not lie before",
            r"lies far ahead",
            r"customers are at least 13 years old",
            # Ids of lines are unique, and name lines that are there.
            r"must be unique",
            r"names no line of the sale",
            r"there is no store",
            r"names no level",
            # Values are unique among customers, countries are in ISO 3166, one phone is the primary one.
            r"another customer has this email or external_id",
            r"country is not a known value",
            r"primary",
            # A number is taken as its text, whose length and digits a schema of numbers cannot bound.
            r"(zip|dma) must have at most 20 characters",
            r"phone_number has not the form it must have",
            # Sums go out of range when each amount is in it.
            r"^the number is out of range$",
            r"^the amounts of the sale",
            r"status a published level does not become a draft",
        )
    )
)


def is_tolerated(failure, case, response):
    kind = type(failure).__name__
    if kind == "RejectedPositiveData":
        return response.status_code == 400 and is_a_reason(response)
    if kind == "AcceptedNegativeData":
        return response.status_code == 200 and is_refused_otherwise(failure, case, response)
    return False


def is_a_reason(response):
    errors = answered(response).get("errors") or {}
    if "code" not in errors:
        return False
    if errors["code"] not in MALFORMED:
        return True
    if errors.get("problems"):
        # Objects of the configuration are judged as a whole by the compiler of programs, which names every place.
        return True
    details = [f"{detail['field']} {detail['message']}" for detail in errors.get("details", [])]
    parts = details or str(errors.get("message", "")).split("; ")
    return all(REASONS.search(part) for part in parts)


def is_refused_otherwise(failure, case, response):
    path = case.operation.path
    if "user_id_type" in failure.message:
        # The type of an id that is not there is not looked at: that is no reason to refuse a sale (pos-offers.md B.10).
        return True
    if "more items" in failure.message or "maxItems" in failure.message:
        # Elements that are nothing do not count (incentives.md 1.3).
        return has_nothings(case.body)
    if path == "/api/2.0/send_transaction":
        # A till always gets a container it can read; 4xx is for a switch (pos-offers.md A.4).
        return answered(response).get("status") != "OK"
    if path == "/api/2.0/send_transactions":
        # Any bytes are lines; each is answered by itself.
        return all(json.loads(line)["status"] != "OK" for line in response.text.splitlines())
    if path.endswith(("/ingest/batch", "/ingest/event")):
        # One that is wrong leaves the others alone (incentives.md 7.16).
        return answered(response)["payload"]["accepted"] is False
    if path == "/admin/catalog":
        # Any text that is lines of objects is a catalog, no line at all too; schemathesis sends what it calls no text.
        return True
    return False


def has_nothings(value):
    if isinstance(value, dict):
        return any(map(has_nothings, value.values()))
    return isinstance(value, list) and (None in value or "" in value or any(map(has_nothings, value)))


def answered(response):
    try:
        answer = json.loads(response.text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
