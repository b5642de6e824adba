"""How schemathesis is helped, and what it may not complain of.

Three things: random ids are replaced by ids that exist, so that requests get beyond "no such customer"; what happened
is counted for report.py; and single complaints are dropped where a schema cannot say what the API describes. Nothing is
dropped by check or by operation alone: tolerated.py has the reasons.
"""

import atexit
import collections
import json
import os
import re
import zlib

import schemathesis

from tolerated import is_tolerated

KNOWN = json.load(open(os.environ["STRANGER_KNOWN"]))
# Every complaint, for whoever looks into the folder of a run that was kept.
FAILURES = open(os.environ["STRANGER_FAILURES"], "a", buffering=1)
TALLY = {
    "phases": collections.Counter(),
    "tolerated": collections.Counter(),
    "operations": collections.defaultdict(collections.Counter),
}
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d")

# What a member of this name refers to, wherever it stands.
POOLS = {
    "retailer_id": "retailer",
    "requesting_retailer_id": "retailer",
    "target_retailer_id": "retailer",
    "client_id": "retailer",
    "store_id": "store",
    "store_ids": "store",
    "user_id": "user",
    "from_user_id": "user",
    "to_user_id": "user",
    "userId": "user",
    "user_ids": "user",
    "point_account_id": "account",
    "to_point_account_id": "account",
    "point_account_ids": "account",
    "from_point_account_ids": "account",
    "point_source_id": "source",
    "point_source_ids": "source",
    "tier_system_id": "system",
    "tierSystemId": "system",
    "tier_system_ids": "system",
    "tier_level_id": "level",
    "tier_level_ids": "level",
    "assume_tier_level_ids": "level",
    "rule_tree_id": "tree",
    "tree_ids": "tree",
    "ids": "tree",
    "entity_id": "tree",
    "entity_ids": "tree",
    "point_audit_log_id": "row",
    "tracking_id": "tracking",
    "sale_id": "sale",
    "job_id": "job",
    "template_id": "template",
    "external_id": "external",
    "event_lookup": "lookup",
    "folder": "folder",
    "pos_transaction_id": "transaction",
}
# What `id` is the id of.
ID_POOLS = {
    "point_accounts": "account",
    "point_sources": "source",
    "dynamic_rule_tree": "tree",
    "info": "sale",
    "trigger": "event",
    "tier_levels": "level",
    "dynamic_rule_template": "template",
    "tier_level_constraints": "constraint",
    "delete_restriction": "restriction",
    "update_system": "system",
    "delete_system": "system",
}
# Calls that would leave the others without what they ask about, so they get things that nothing else needs.
SPARING = {
    "spare_": re.compile(
        r"/(?:update|update_system|set_active|set_status|save_event|attach_rule_tree|detach_rule_tree|"
        r"upgrade_template|forget_user|merge)$"
    ),
    "doomed_": re.compile(r"/(?:delete|delete_system|delete_event)$"),
}
# Bodies of lines: any text is one, so some get lines that mean something.
LINES = {"/admin/catalog": "catalog", "/api/2.0/send_transactions": "lines"}
# Parts of the program, each replaced as a whole.
REPLACED = ("/admin/program", "/admin/stores", "/admin/catalog")
# Business times: a random one is in the future or too far back nearly always.
OCCURRED = {"time_of_occurrence", "timestamp", "overdraft_timestamp", "open_time", "payment_time", "modified_time"}


def chance(value):
    """A number that is the same for the same value in every run."""
    return zlib.crc32(json.dumps(value, sort_keys=True, default=str).encode("utf-8", "surrogatepass"))


def known(pool, value, path):
    """An id that exists instead of a random one; one in twenty stays random."""
    if pool in ("user", "external"):
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) or isinstance(value, str) and value
    elif pool in ("lookup", "transaction", "erasure", "folder"):
        fits = isinstance(value, str) and value
    else:
        fits = isinstance(value, str) and GUID.fullmatch(value)
    if not fits or chance([path, value]) % 20 == 0:
        return value
    kept = (KNOWN.get(kind + pool) for kind, calls in SPARING.items() if calls.search(path))
    ids = next(filter(None, kept), KNOWN[pool])
    return ids[chance(value) // 10 % len(ids)]


def occurred(value):
    if not isinstance(value, str) or not DATE_TIME.match(value):
        return value
    seconds = chance(value) % (29 * 86_400)
    day, clock = divmod(seconds, 86_400)
    return f"2026-05-{day + 1:02}T{clock // 3600:02}:{clock // 60 % 60:02}:{clock % 60:02}Z"


def with_known_ids(value, path, name=None):
    """The same body about things that exist."""
    if isinstance(value, dict):
        return {name: with_known_ids(member, path, name) for name, member in value.items()}
    if isinstance(value, list):
        return [with_known_ids(element, path, name) for element in value]
    if name in OCCURRED:
        return occurred(value)
    pool = POOLS.get(name)
    if name == "id":
        parts = path.split("/")
        pool = ID_POOLS.get(parts[-1]) or ID_POOLS.get(parts[-2])
    if name == "transaction_id" and path.endswith(("/replay", "/explain")):
        pool = "sale" if path.endswith("/replay") else "transaction"
    if name == "request_id" and path.endswith("/gdpr/status"):
        pool = "erasure"
    if name == "expiration_date_utc" and isinstance(value, str) and DATE_TIME.match(value):
        # Once over, the mode is over for all who come later.
        return "2030-01-01T00:00:00Z"
    if name == "ingest_id":
        pool = "ingest"
    if name == "external_id" and path.endswith("/users"):
        pool = None
    return known(pool, value, path) if pool else value


def sensible(body, path):
    """A well-formed body that also fits together: of several members that exclude each other, one."""
    number = chance(body)
    if isinstance(body, list):
        return KNOWN["whole"].get(path[1:], body)
    if path.endswith("/explain"):
        place = number % len(KNOWN["guid"])
        asked = {**keep_one(body, EXPLAINED, number), "user_id": KNOWN["guid"][place]}
        return (
            asked
            if any(asked.get(name) for name in EXPLAINED)
            else {**asked, "point_audit_log_id": KNOWN["row"][place]}
        )
    if path.endswith("/reverse"):
        body = keep_one(body, REVERSED, number)
    if path.endswith("/set_counters"):
        both = [
            name
            for name in ("value", "increment")
            if all(counter.get(name) is not None for counter in body["counters"])
        ]
        drop = "increment" if "value" in both else "value"
        return {**body, "counters": [{k: v for k, v in counter.items() if k != drop} for counter in body["counters"]]}
    if path.endswith("/users") and isinstance(body.get("user"), dict):
        return {
            **body,
            "user": {
                **body["user"],
                "external_id": f"stranger-{number}",
                "email": None,
                "country": "US",
                "dob": "2000-02-29",
                "zip": None,
                "dma": None,
                "phone_numbers": None,
            },
        }
    if path.endswith(("/modify", "/reverse")):
        # A row of the customer in question.
        place = number % len(KNOWN["guid"])
        body = {**body, "user_id": KNOWN["guid"][place], "point_audit_log_id": KNOWN["row"][place]}
    whole = KNOWN["whole"].get("/".join(path.split("/")[-2:]))
    if isinstance(whole, list):
        return whole
    if whole is not None:
        body = {**body, **whole}
    if "name" in body:
        body = {**body, "name": f"{str(body['name'])[:20]} {number}"}
    if isinstance(body.get("version"), int) and body.get("id") in VERSIONS:
        body = {**body, "version": VERSIONS[body["id"]]}
    return body


# The versions that answers have shown of objects, by id.
VERSIONS = dict(KNOWN["versions"])


def note_versions(answer):
    payload = answer.get("payload") if isinstance(answer, dict) else None
    for shown in payload.values() if isinstance(payload, dict) else ():
        if isinstance(shown, dict) and "id" in shown and "version" in shown:
            VERSIONS[shown["id"]] = shown["version"]


EXPLAINED = ("sale_id", "transaction_id", "event_id", "tier_movement_id")
REVERSED = ("tracking_id", "transaction_id", "target_idempotency_id")


def keep_one(body, names, number):
    there = [name for name in names if body.get(name) not in (None, "")]
    kept = {name: value for name, value in body.items() if name not in names and name != "point_audit_log_id"}
    if there:
        one = there[number % len(there)]
        kept[one] = body[one]
    return kept


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.operation.path
    if isinstance(case.body, (dict, list)) and path not in REPLACED:
        case.body = with_known_ids(case.body, path)
    # Half of what fits its schema is also made to fit together; the other half is left as it is.
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if positive and isinstance(case.body, (dict, list)) and chance(case.body) % 2:
        case.body = sensible(case.body, path)
    if positive and path in LINES and chance(case.body) % 2:
        case.body = "\n".join(json.dumps(line) for line in KNOWN[LINES[path]])
    if isinstance(case.query, dict):
        case.query = {name: with_known_ids(value, path, name) for name, value in case.query.items()}
    if isinstance(case.path_parameters, dict):
        for name, value in case.path_parameters.items():
            if name == "api_key" and chance(value) % 20:
                case.path_parameters[name] = KNOWN["api_key"][0]
            elif name in ("user_id", "external_id") and value:
                case.path_parameters[name] = known("guid" if name == "user_id" else "external", value, path)
    if path in REPLACED and (case.query or {}).get("check") in (None, "false", False):
        # What is put in force here would take the program away from all the others; seed.py has put one in force.
        case.query = {**(case.query or {}), "check": "true"}
    if path == "/admin/test_clock" and isinstance(case.body, dict) and "now" in case.body:
        case.body["now"] = clock(case.body["now"])
    return None


def clock(value):
    """A day ahead at most: a clock at the end of time leaves nothing to be tried."""
    if not isinstance(value, str) or not re.match(r"\s*\d{4}-\d\d-\d\d", value):
        return value
    seconds = chance(value) % 86_400
    return f"2026-06-01T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"


@schemathesis.hook
def after_call(context, case, response):
    phase = case.meta.phase.name.value if case.meta else "other"
    TALLY["phases"][phase] += 1
    if response is not None and response.request.method.lower() == case.operation.method.lower():
        TALLY["operations"][case.operation.label][str(response.status_code)] += 1
        if response.status_code == 200 and "/dynamic_rule_" in case.operation.path:
            note_versions(json.loads(response.text))


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if is_tolerated(failure, case, response):
        TALLY["tolerated"][type(failure).__name__] += 1
        return False
    phase = case.meta.phase if case.meta else None
    FAILURES.write(
        json.dumps(
            {
                "operation": case.operation.label,
                "kind": type(failure).__name__,
                "message": failure.message,
                "phase": phase and phase.name.value,
                "description": phase and getattr(phase.data, "description", None),
                "sent": str(response.request.url) + "\n" + str(response.request.body)[:4000],
                "status": response.status_code,
                "answer": response.text[:1000],
            }
        )
        + "\n"
    )
    return True


@schemathesis.serializer("application/x-ndjson")
def ndjson(context, value):
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "replace")


@schemathesis.deserializer("application/x-ndjson")
def lines(context, response):
    return response.content.decode("utf-8")


@atexit.register
def write_tally():
    with open(os.environ["STRANGER_TALLY"], "a") as file:
        file.write(json.dumps(TALLY) + "\n")
