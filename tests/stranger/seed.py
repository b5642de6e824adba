"""Gives a new server a program, members and sales, and notes the ids that there are then."""

import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request

URL = os.environ["LAUREL_URL"]
RETAILER = "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10"
STORE = "da6b6bc3-cbed-5571-b87a-13e98ad2b3cc"
POINTS, STATUS = "9a000000-0000-4000-8000-000000000001", "9a000000-0000-4000-8000-000000000002"
PURCHASES, BONUSES = "9a000000-0000-4000-8000-000000000011", "9a000000-0000-4000-8000-000000000012"
MEMBERS = 60


def call(method, path, authorization, body):
    request = urllib.request.Request(URL + path, method=method, data=body.encode())
    request.add_header("Authorization", authorization)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def ready():
    for _ in range(600):
        try:
            urllib.request.urlopen(URL + "/readyz", timeout=5)
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    sys.exit("the server does not become ready")


def basic(pair):
    return "Basic " + base64.b64encode(f"{pair['key']}:{pair['secret']}".encode()).decode()


def seed(program):
    keys = json.load(open(os.environ["LAUREL_KEYS_FILE"]))
    admin = "Bearer " + keys["admin_key"]

    def connect(path, **members):
        body = json.dumps({"retailer_id": RETAILER, **members})
        return call("POST", "/incentives/api/1.0/" + path, basic(keys["connect"]), body)["payload"]

    stores = [{"store_id": STORE, "number": "1", "name": "One", "time_zone": "America/Chicago"}]
    items = [{"item_id": item, "category": "FRUIT", "department": "PRODUCE"} for item in ("BANANA", "APPLE")]
    call("PUT", "/admin/program", admin, program)
    call("PUT", "/admin/stores", admin, json.dumps(stores))
    call("PUT", "/admin/catalog", admin, "\n".join(map(json.dumps, items)))
    event = connect("trigger/save_event", event_lookup="CHECK_IN", name="Check in")["event"]
    tree = {
        "name": "Check in",
        "status": 2,
        "tree_type": 2,
        "trigger_events": ["CHECK_IN"],
        "rules": [{"discriminator": 65536}],
        "budget": {"max_points": 100000},
        "outcomes": [{"discriminator": 1, "amount": 5, "point_source_id": BONUSES, "point_account_ids": [POINTS]}],
    }
    live = connect("dynamic_rule_tree/create", **tree)["dynamic_rule_tree"]
    draft = connect("dynamic_rule_tree/create", **{**tree, "name": "A draft", "status": 0})["dynamic_rule_tree"]

    users, sales, rows, tracked = [], [], [], []
    for member in map(str, range(1, MEMBERS + 1)):
        user = {"user": {"external_id": member, "email": f"member-{member}@example.test"}}
        created = call("POST", f"/priv/v1/apps/{keys['core']['key']}/users", basic(keys["core"]), json.dumps(user))
        users.append(created["user"]["id"])
        for number in range(2):
            line = {"line_id": "1", "item_id": "BANANA", "quantity": 2, "unit_price": 20, "subtotal": 40}
            payment = {
                "payment_id": "1",
                "amount": 40,
                "type": "Credit",
                "payment_time": "2026-05-20T12:00:00Z",
                "user_id": member,
                "user_id_type": "External_ID",
            }
            sale = {
                "store_id": STORE,
                "client_id": RETAILER,
                "request_id": f"seed {member} {number}",
                "request_payload": {
                    "transaction_id": f"T-{member}-{number}",
                    "subtotal": 40,
                    "open_time": "2026-05-20T12:00:00Z",
                    "items": [line],
                    "payments": [payment],
                },
            }
            answer = call("POST", "/api/2.0/send_transaction", basic(keys["pos"]), json.dumps(sale))
            sales.append(answer["payload"]["id"])
        detail = {
            "amount": 500,
            "point_account_id": POINTS,
            "point_source_id": BONUSES,
            "idempotency_id": f"seed {member}",
        }
        deposit = connect("user_points/deposit", user_id=member, deposit_details=[detail])
        rows += [row["id"] for row in deposit["audits"]]
        tracked += [detail["tracking_id"] for detail in deposit["details"]]
    job = connect("trigger/run_expiration", dry_run=True)["job_id"]
    connect("gdpr/forget_user", user_id=str(MEMBERS), request_id="seed")
    connect("retailer_standup/enable_standup_mode", requesting_retailer_id=RETAILER, target_retailer_id=RETAILER)
    # What calls that change or delete configuration may have: nothing else needs it.
    doomed = {
        "tree": [
            connect("dynamic_rule_tree/create", **{**tree, "name": f"Doomed {n}", "status": 0})["dynamic_rule_tree"][
                "id"
            ]
            for n in range(5)
        ],
        "template": [
            connect("dynamic_rule_template/create", name=f"Doomed {n}", rule_type=1)["dynamic_rule_template"]["id"]
            for n in range(5)
        ],
        "event": [
            connect("trigger/save_event", event_lookup=f"DOOMED_{n}", name="Doomed")["event"]["id"] for n in range(5)
        ],
        "system": [connect("tier_levels/create_system", name="Doomed")["tier_system"]["id"]],
    }
    spare_account = connect("point_accounts/create", name="Spare")["id"]
    spare_source = connect("point_sources/create", name="Spare", point_account_ids=[spare_account])["id"]
    spare_event = connect("trigger/save_event", event_lookup="SPARE", name="Spare")["event"]
    spare_system = connect("tier_levels/create_system", name="Spare", levels=[{"name": "Base", "rank": 0}])[
        "tier_system"
    ]
    doomed["level"] = [
        connect("tier_levels/create", tier_system_id=spare_system["id"], name=f"Doomed {n}", rank=n + 10)["tier_level"][
            "id"
        ]
        for n in range(3)
    ]
    restriction = {"discriminator": 1, "personal": True, "max_points": 1000, "time": 1, "unit_of_time": "Day"}
    restricted = connect("point_sources/save_restriction", point_source_id=spare_source, restriction=restriction)
    template = connect("dynamic_rule_template/create", name="Spare", rule_type=1)["dynamic_rule_template"]
    built = {
        **tree,
        "name": "Spare",
        "status": 0,
        "template_id": template["id"],
        "template_version": template["version"],
    }
    spare_tree = connect("dynamic_rule_tree/create", **built)["dynamic_rule_tree"]
    program = json.loads(program)
    system = program["tier_systems"][0]
    constraint = connect(
        "tier_level_constraints/save",
        entity_type="point_source",
        entity_id=spare_source,
        tier_system_id=system["id"],
        tier_level_ids=[system["tier_levels"][0]["id"]],
        mode="include",
    )
    # Members with which a well-formed body is also a sound one.
    whole = {
        "dynamic_rule_tree/create": {**tree, "status": 0},
        "dynamic_rule_tree/update": built,
        "dynamic_rule_tree/upgrade_template": {"template_version": 1},
        "dynamic_rule_template/create": {"rule_type": 1},
        "dynamic_rule_template/update": {"rule_type": 1},
        "point_accounts/create": {"expiration_policy": None, "max_allowed_balance": None},
        "point_sources/create": {"point_account_ids": [POINTS], "restrictions": [restriction]},
        "point_sources/save_restriction": {"restriction": restriction},
        "tier_levels/create": {"rank": 2, "status": 0},
        "tier_levels/create_system": {"levels": [], "status": 0},
        "tier_level_constraints/save": {
            "id": None,
            "entity_type": "point_source",
            "tier_system_id": system["id"],
            "tier_level_ids": [system["tier_levels"][0]["id"]],
        },
        "trigger/save_event": {"id": None, "event_lookup": "CHECK_OUT", "status": 2},
        "simulate_outcomes/transaction": {"draft_rule_trees": [tree]},
        "simulate_outcomes/event": {"draft_rule_trees": [tree], "as_of": None},
        "user_points/expire": {"percentage": 1, "amount": None},
        "user_points/transfer": {"amount": 1},
        "user_points/spend": {"amount": 1},
        "admin/program": program,
        "admin/stores": stores,
    }
    taken = connect(
        "ingest/transaction",
        request_id="seed",
        transaction={
            "store_id": STORE,
            "pos_transaction_id": "I-1",
            "open_time": "2026-05-20T12:00:00Z",
            "items": [],
            "payments": [],
        },
    )
    lines = [
        {
            "store_id": STORE,
            "client_id": RETAILER,
            "request_id": f"line {n}",
            "request_payload": {"transaction_id": f"L-{n}", "subtotal": n, "open_time": "2026-05-20T12:00:00Z"},
        }
        for n in range(20)
    ]
    levels = [level["id"] for system in program["tier_systems"] for level in system["tier_levels"]]
    return {
        "retailer": [RETAILER],
        "store": [STORE],
        "user": users + [str(n) for n in range(1, MEMBERS)],
        "sale": sales,
        "transaction": [f"T-{n}-0" for n in range(1, MEMBERS)],
        "row": rows,
        "tracking": tracked,
        "account": [POINTS, STATUS],
        "source": [PURCHASES, BONUSES],
        "job": [job],
        "event": [event["id"]],
        "system": [system["id"] for system in program["tier_systems"]],
        "level": levels,
        "tree": [tree["id"] for tree in program["rule_trees"]] + [live["id"], draft["id"]],
        "template": [template["id"]],
        "constraint": [constraint["tier_level_constraint"]["id"]],
        "restriction": [known["id"] for known in restricted["restrictions"]],
        "ingest": [taken["ingest_id"]],
        "erasure": ["seed"],
        "folder": [f"{os.environ['LAUREL_BACKUP_FOLDER']}/{n}" for n in range(3)],
        "versions": {known["id"]: known["version"] for known in (spare_tree, template)},
        "whole": whole,
        "catalog": items,
        "lines": lines,
        "guid": users[:-1],
        "external": [str(n) for n in range(1, MEMBERS)],
        "lookup": ["CHECK_IN"],
        "doomed_tree": doomed["tree"],
        "doomed_template": doomed["template"],
        "doomed_event": doomed["event"],
        "doomed_system": doomed["system"],
        "doomed_level": doomed["level"],
        "api_key": [keys["core"]["key"]],
        "spare_user": users[-10:-1],
        "spare_account": [spare_account],
        "spare_source": [spare_source],
        "spare_event": [spare_event["id"]],
        "spare_lookup": ["SPARE"],
        "spare_system": [spare_system["id"]],
        "spare_level": [level["id"] for level in spare_system["tier_levels"]],
        "spare_tree": [spare_tree["id"]],
    }


if __name__ == "__main__":
    ready()
    known = seed(open(sys.argv[1]).read())
    json.dump(known, open(sys.argv[2], "w"))
