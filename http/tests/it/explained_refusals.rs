//! Every outcome that a sale was refused is told, with the reason and the numbers (incentives.md 6.5, 6.8, 4.5).

use serde_json::{Value, json};

use crate::{
    explanations::{all_explained, explained, sold, with},
    support::{POINTS, PROGRAM, Server, run, sale},
};

const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";

fn own(n: u32) -> String {
    format!("9b000000-0000-4000-8000-{n:012}")
}

fn extended(mut base: Value, more: &Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

/// A tree that gives 100 points for every sale, but for what is said otherwise of it and of its outcome.
fn tree(n: u32, more: Value, outcome: Value) -> Value {
    let given = json!({"id": own(n + 2), "discriminator": 1, "amount": 100, "point_source_id": SOURCE,
                       "point_account_ids": [POINTS]});
    let tree = json!({"id": own(n), "name": format!("Tree {n}"), "status": 2, "tree_type": 1,
        "rules": [{"id": own(n + 1), "discriminator": 32768}], "outcomes": [extended(given, &outcome)]});
    extended(tree, &more)
}

/// A tree for every reason for which a sale may be refused something, and one that is refused nothing.
async fn configured(server: &Server) {
    let mut program: Value = serde_json::from_str(PROGRAM).unwrap();
    let (restricted, capped) = (own(1), own(2));
    program["point_sources"].as_array_mut().unwrap().push(json!({"id": restricted, "name": "Few", "status": 1,
        "point_account_ids": [POINTS, capped], "restrictions": [{"personal": true, "max_points": 30, "time": 1,
        "unit_of_time": "Month", "discriminator": 2}]}));
    program["point_sources"][1]["point_account_ids"] = json!([POINTS, capped]);
    program["point_accounts"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": capped, "name": "Capped", "active": true, "max_allowed_balance": 40}));
    let points = json!({"scope": 1, "max": 70, "value": 1, "uom": 0});
    let times = json!({"scope": 0, "max": 1, "value": 1, "uom": 0});
    let group =
        |priority: u32| json!({"exclusivity_group": "g", "exclusivity_mode": 1, "priority": priority});
    program["rule_trees"] = json!([
        tree(100, json!({"limits": [times, points]}), json!({})),
        tree(110, json!({"budget": {"max_points": 60, "on_exhausted": 1}}), json!({})),
        tree(120, json!({}), json!({"point_source_id": restricted})),
        tree(130, json!({}), json!({"point_account_ids": [capped]})),
        tree(140, group(900), json!({})),
        tree(150, group(100), json!({})),
        tree(160, json!({}), json!({"discriminator": 2, "rate": 1, "hurdle": 500})),
        tree(170, json!({}), json!({"limits": [points]})),
    ]);
    let put = server.admin("PUT", "/admin/program", &program.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
}

/// What the first version of a sale did to its member.
async fn member_of(server: &Server, transaction: &str) -> Value {
    let sale = explained(server, json!({"transaction_id": transaction})).await["sale"].clone();
    let member = sale["versions"][0]["members"][0].clone();
    assert_eq!(member["decision"]["reproduced"], true, "{member:#}");
    member
}

/// The reasons that a tree gives, which are those of the outcomes, and its limits.
fn refused(member: &Value, n: u32) -> (String, Value) {
    let tree = with(&member["rule_trees"], "rule_tree_id", &own(n));
    assert_eq!(tree["passed"], true);
    let outcomes = member["outcomes"].as_array().unwrap().iter();
    let listed = outcomes.filter(|known| known["rule_tree_id"] == own(n));
    let listed: Vec<_> = listed.filter_map(|known| known["refusal_reason"].as_str()).collect();
    let told = tree["outcomes"][0]["refusal_reasons"].as_array().unwrap();
    let told: Vec<_> = told.iter().map(|reason| reason.as_str().unwrap()).collect();
    assert_eq!(listed, told, "tree {n}");
    (told.join(","), tree["outcomes"][0]["limits"].clone())
}

fn cut(kind: &str, asked: u32, allowed: u32) -> Value {
    json!({"type": kind, "asked": asked, "allowed": allowed})
}

#[test]
fn every_refused_outcome_is_there_with_its_reason_and_its_numbers() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        sold(&server, sale("r1", "T-1", "900", 60.0)).await;
        let first = member_of(&server, "T-1").await;
        let of_points = |kind: &str, position: u32| {
            extended(cut(kind, 100, 70), &json!({"position": position, "max_points": 70}))
        };
        assert_eq!(refused(&first, 100), ("frequency_limit".into(), json!([of_points("tree_limit", 1)])));
        assert_eq!(refused(&first, 170), ("frequency_limit".into(), json!([of_points("outcome_limit", 0)])));
        assert_eq!(refused(&first, 110), ("budget_exhausted".into(), json!([cut("budget", 100, 60)])));
        for (n, reason) in [
            (120, "source_limit"),
            (130, "max_balance"),
            (140, ""),
            (150, "exclusivity"),
            (160, "hurdle_not_met"),
        ] {
            assert_eq!(refused(&first, n), (reason.into(), json!([])), "tree {n}");
        }
        let lost = |n: u32, points: u32, reason: &str| {
            let account = with(&first["rows"], "account_name", if n == 130 { "Capped" } else { "Points" });
            json!({"rule_tree_id": own(n), "outcome_id": own(n + 2), "points": points, "reason": reason,
                   "point_account_id": account["point_account_id"]})
        };
        assert_eq!(first["forfeited"], json!([lost(120, 70, "source_limit"), lost(130, 60, "max_balance")]));
        for (n, points, limits) in [
            (100, 70, json!([of_points("tree_limit", 1)])),
            (110, 60, json!([cut("budget", 100, 60)])),
            (120, 30, json!([cut("source_limit", 100, 30)])),
            (130, 40, json!([cut("max_balance", 100, 40)])),
            (140, 100, json!([])),
        ] {
            let row =
                first["rows"].as_array().unwrap().iter().find(|row| row["cause"]["rule_tree_id"] == own(n));
            let row = row.unwrap();
            assert_eq!((&row["modification"], &row["limits"]), (&json!(points), &limits), "tree {n}");
        }
        all_explained(&server, "900").await;
    });
}

#[test]
fn when_nothing_is_left_of_it_that_is_told_too() {
    run(async |server| {
        configured(&server).await;
        server.member("900").await;
        for transaction in ["T-1", "T-2"] {
            sold(&server, sale(transaction, transaction, "900", 60.0)).await;
        }
        let second = member_of(&server, "T-2").await;
        let used_up = extended(cut("tree_limit", 100, 0), &json!({"position": 0, "max_times": 1}));
        assert_eq!(refused(&second, 100), ("frequency_limit".into(), json!([used_up])));
        assert_eq!(refused(&second, 110), ("budget_exhausted".into(), json!([cut("budget", 100, 0)])));
        for (n, reason) in
            [(120, "source_limit"), (130, "max_balance"), (150, "exclusivity"), (160, "hurdle_not_met")]
        {
            assert_eq!(refused(&second, n).0, reason, "tree {n}");
        }
        let mut rows = second["rows"].as_array().unwrap().iter();
        assert!(rows.all(|row| row["cause"]["rule_tree_id"] == own(140)), "{second:#}");
    });
}
