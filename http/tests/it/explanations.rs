//! Why a sale gave what it gave (`point_audit_logs/explain`): trees, versions, refusals, levels.

use serde_json::{Value, json};

use crate::{
    configuring::{done, refused},
    support::{RETAILER, STORE, Server, run, sale},
};

const BASE: &str = "9a000000-0000-4000-8000-000000000101";
const ENTER_SILVER: &str = "9a000000-0000-4000-8000-000000000108";
const SILVER: &str = "9a000000-0000-4000-8000-000000000022";
const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";

/// The explanation of a question that must be answered.
pub async fn explained(server: &Server, body: Value) -> Value {
    done(server, "point_audit_logs/explain", body).await
}

/// Every row of a customer, oldest first.
pub async fn rows(server: &Server, user: &str) -> Vec<Value> {
    // Whoever looks at a balance waits for what is on its way.
    done(server, "user_points/all_balances", json!({"user_id": user})).await;
    let body = json!({"user_id": user, "take": 1000, "sort_direction": "asc",
                      "from_date": "2016-12-01T00:00:00Z", "to_date": "2017-12-01T00:00:00Z"});
    done(server, "point_audit_logs/fetch_point_audit_logs", body).await["results"].as_array().unwrap().clone()
}

/// Explains every row of a customer: each comes out again, is shown as in the log, and its lots add up.
pub async fn all_explained(server: &Server, user: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for row in rows(server, user).await {
        let body = json!({"user_id": user, "point_audit_log_id": row["id"]});
        let why = explained(server, body).await["row"].clone();
        assert_eq!(why["audit_log"], row);
        assert_eq!(why["decision"]["reproduced"], true, "{why}");
        assert_eq!(why["modification"], row["modification"]);
        let lots = why["lots"].as_array().unwrap();
        if !lots.is_empty() {
            let sum: f64 = lots.iter().map(|lot| lot["points"].as_f64().unwrap()).sum();
            let undone = why["undone_overdraft"].as_f64().unwrap_or(0.0);
            assert!((sum - undone + row["modification"].as_f64().unwrap()).abs() < 1e-9, "{why}");
        }
        all.push(why);
    }
    all
}

/// The element whose member is that.
pub fn with<'a>(list: &'a Value, name: &str, value: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|element| element[name] == value);
    found.unwrap_or_else(|| panic!("no {name} {value} in {list:#}"))
}

/// The next version of a sale.
fn version(request: &str, transaction: &str, member: &str, amount: f64, minute: u32) -> Value {
    let mut next = sale(request, transaction, member, amount);
    next["request_payload"]["modified_time"] = json!(format!("2017-01-31T12:{minute}:00Z"));
    next
}

/// Sends a sale and waits until its members have booked it, under the program of now and at the time of now.
pub async fn sold(server: &Server, body: Value) {
    let answer = server.till(&body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for payment in body["request_payload"]["payments"].as_array().unwrap() {
        done(server, "user_points/all_balances", json!({"user_id": payment["user_id"]})).await;
    }
}

#[test]
fn a_sale_is_explained_by_its_trees_and_each_row_by_its_own() {
    run(async |server| {
        let id = server.member("900").await;
        sold(&server, sale("r1", "T-1", "900", 60.0)).await;
        let sale = explained(&server, json!({"transaction_id": "T-1"})).await["sale"].clone();
        assert_eq!((&sale["transaction_id"], &sale["store_id"]), (&json!("T-1"), &json!(STORE)));
        let [version] = sale["versions"].as_array().unwrap().as_slice() else { panic!("{sale:#}") };
        assert_eq!(
            (&version["version"], &version["evaluated"], &version["kept"]),
            (&json!(1), &json!(true), &json!(true))
        );
        let [member] = version["members"].as_array().unwrap().as_slice() else { panic!("{version:#}") };
        assert_eq!((&member["user_id"], &member["state"]), (&json!(id), &json!("booked")));
        assert_eq!(member["decision"]["reproduced"], true, "{member:#}");

        // 60 for the basket; the tree of yogurt fails at its node, for want of the items.
        let base = with(&member["rule_trees"], "rule_tree_id", BASE);
        assert_eq!(
            (&base["passed"], &base["rule_tree_version"], &base["rule_tree_name"]),
            (&json!(true), &json!(1), &json!("Base earn"))
        );
        assert_eq!(base["rules"][0]["query_result"], 60);
        let outcome = &base["outcomes"][0];
        assert_eq!((&outcome["points_computed"], &outcome["points_awarded"]), (&json!(60), &json!(60)));
        assert_eq!((&outcome["inputs"]["eligible"], &outcome["inputs"]["rate"]), (&json!(60), &json!(1)));
        let yogurt = with(&member["rule_trees"], "rule_tree_name", "Yogurt threes");
        assert_eq!((&yogurt["passed"], &yogurt["outcomes"]), (&json!(false), &json!([])));
        let failed = with(&yogurt["rules"], "rule_id", yogurt["failed_at_rule_id"].as_str().unwrap());
        assert_eq!((&failed["rule_passed"], &failed["unsatisfied_constraint"]), (&json!(false), &json!(32)));

        // Those for holders of other levels were not looked at.
        let gold = with(&member["no_candidates"], "rule_tree_name", "Gold earns 1.5");
        assert_eq!(gold["reason"], "tier_level");

        let explained = all_explained(&server, "900").await;
        assert_eq!(json!(explained.len()), json!(member["rows"].as_array().unwrap().len()));
        for why in &explained {
            let cause = &why["cause"];
            assert_eq!(
                (&cause["type"], &cause["sale_id"], &cause["sale_version"]),
                (&json!("sale"), &sale["sale_id"], &json!(1))
            );
            assert_eq!(
                (&cause["transaction_id"], &why["rule_tree"]["rule_tree_id"]),
                (&json!("T-1"), &cause["rule_tree_id"])
            );
            assert_eq!(why["rule_tree"]["passed"], true);
            assert_eq!(
                &why["rule_tree"],
                with(&member["rule_trees"], "rule_tree_id", cause["rule_tree_id"].as_str().unwrap())
            );
        }
    });
}

#[test]
fn a_sale_is_found_by_what_clients_see_of_it() {
    run(async |server| {
        server.member("900").await;
        sold(&server, sale("r1", "T-1", "900", 60.0)).await;
        let sale = explained(&server, json!({"transaction_id": "T-1"})).await["sale"].clone();
        for body in [
            json!({"transaction_id": "T-1", "store_id": STORE.to_uppercase()}),
            json!({"sale_id": sale["sale_id"]}),
            json!({"transaction_id": sale["sale_id"], "user_id": "900"}),
        ] {
            assert_eq!(explained(&server, body).await["sale"], sale);
        }
    });
}

#[test]
fn a_return_and_a_void_say_what_they_take_back_and_out_of_which_lots() {
    run(async |server| {
        server.member("900").await;
        sold(&server, sale("r1", "T-1", "900", 60.0)).await;
        sold(&server, version("r2", "T-1", "900", 40.0, 30)).await;
        let mut void = version("r3", "T-1", "900", 40.0, 40);
        void["request_payload"]["is_voided"] = json!(true);
        sold(&server, void).await;
        let sale = explained(&server, json!({"transaction_id": "T-1"})).await["sale"].clone();
        let versions = sale["versions"].as_array().unwrap();
        assert_eq!(versions.iter().map(|version| &version["version"]).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(versions[2]["is_voided"], true);
        let member = &versions[1]["members"][0];
        let given: Vec<_> = member["outcomes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|known| known["rule_tree_id"] == BASE)
            .collect();
        assert_eq!(given[0]["points_awarded"], -20, "{member:#}");
        assert_eq!(with(&member["rule_trees"], "rule_tree_id", BASE)["outcomes"][0]["points_awarded"], 40);
        assert!(
            versions[2]["members"][0]["rule_trees"].as_array().unwrap().is_empty(),
            "nothing is looked at for a void"
        );

        let all = all_explained(&server, "900").await;
        let back: Vec<_> = all.iter().filter(|why| why["cause"]["type"] == "sale_taken_back").collect();
        assert!(
            back.iter().any(|why| why["cause"]["sale_version"] == 2)
                && back.iter().any(|why| why["cause"]["sale_version"] == 3)
        );
        let first = back.iter().find(|why| why["cause"]["rule_tree_id"] == BASE).unwrap();
        // Out of what the sale itself gave (incentives.md 9.3), whichever rule that was.
        for drawn in first["lots"].as_array().unwrap() {
            let lot =
                all.iter().find(|why| why["point_audit_log_id"] == drawn["point_audit_log_id"]).unwrap();
            assert_eq!(
                (&lot["cause"]["type"], &lot["cause"]["transaction_id"]),
                (&json!("sale"), &json!("T-1"))
            );
            assert_eq!(drawn["expiration_date"], "2017-08-01T00:00:00Z");
        }
    });
}

#[test]
fn a_tree_that_has_changed_since_is_shown_as_it_was() {
    run(async |server| {
        server.member("900").await;
        sold(&server, sale("r1", "T-1", "900", 60.0)).await;
        let mut tree =
            done(&server, "dynamic_rule_tree/get", json!({"id": BASE})).await["dynamic_rule_tree"].clone();
        tree["outcomes"][0]["rate"] = json!(3);
        tree["name"] = json!("Triple earn");
        done(&server, "dynamic_rule_tree/update", tree).await;
        assert_eq!(server.admin("POST", "/admin/checkpoint", "").await.status, 200);
        sold(&server, sale("r2", "T-2", "900", 60.0)).await;
        // The return is judged by the rules of its purchase.
        sold(&server, version("r3", "T-1", "900", 50.0, 30)).await;
        for (transaction, version, name, tree_version, computed) in [
            ("T-1", 0, "Base earn", 1, 60),
            ("T-2", 0, "Triple earn", 2, 180),
            ("T-1", 1, "Base earn", 1, 50),
        ] {
            let sale = explained(&server, json!({"transaction_id": transaction})).await["sale"].clone();
            let member = &sale["versions"][version]["members"][0];
            assert_eq!(member["decision"]["reproduced"], true, "{member:#}");
            let base = with(&member["rule_trees"], "rule_tree_id", BASE);
            assert_eq!(
                (&base["rule_tree_name"], &base["rule_tree_version"]),
                (&json!(name), &json!(tree_version))
            );
            assert_eq!(base["program_version"], member["judged_by_program_version"]);
            assert_eq!(base["outcomes"][0]["points_computed"], computed);
        }
        let all = all_explained(&server, "900").await;
        let names: Vec<_> = all
            .iter()
            .filter(|why| why["cause"]["rule_tree_id"] == BASE)
            .map(|why| (why["modification"].clone(), why["rule_tree"]["rule_tree_name"].clone()))
            .collect();
        assert!(names.contains(&(json!(60), json!("Base earn"))), "{names:?}");
        assert!(names.contains(&(json!(180), json!("Triple earn"))), "{names:?}");
        assert!(names.contains(&(json!(-10), json!("Base earn"))), "{names:?}");
    });
}

#[test]
fn a_level_that_was_entered_is_explained_by_its_tree_and_the_balance() {
    run(async |server| {
        server.member("900").await;
        sold(&server, sale("r1", "T-1", "900", 600.0)).await;
        let sale = explained(&server, json!({"transaction_id": "T-1"})).await["sale"].clone();
        let moves = &sale["versions"][0]["members"][0]["tier_movements"];
        let silver = with(moves, "to_tier_level_id", SILVER);
        assert_eq!(
            (&silver["cause"], &silver["from_tier_level_name"], &silver["to_tier_level_name"]),
            (&json!("qualifying"), &json!("Member"), &json!("Silver"))
        );
        let tree = with(&silver["rule_trees"], "rule_tree_id", ENTER_SILVER);
        assert_eq!(tree["passed"], true);
        let node = &tree["rules"][0];
        assert_eq!(
            (&node["query_result"], &node["comparison"], &node["target"]),
            (&json!(600), &json!(4), &json!(500))
        );
        let body = json!({"user_id": "900", "tier_movement_id": silver["id"]});
        let mut alone = explained(&server, body).await["tier_movement"].clone();
        let decision = alone.as_object_mut().unwrap().remove("decision").unwrap();
        assert_eq!((&alone, &decision["reproduced"]), (silver, &json!(true)));
    });
}

#[test]
fn a_sale_of_two_members_is_explained_for_each_of_them() {
    run(async |server| {
        let (ann, bob) = (server.member("900").await, server.member("901").await);
        let mut both = sale("r1", "T-1", "900", 60.0);
        let mut second = both["request_payload"]["payments"][0].clone();
        (second["payment_id"], second["user_id"], second["amount"]) = (json!("P2"), json!("901"), json!(20));
        both["request_payload"]["payments"][0]["amount"] = json!(40);
        both["request_payload"]["payments"].as_array_mut().unwrap().push(second);
        sold(&server, both.clone()).await;
        let sale = explained(&server, json!({"transaction_id": "T-1"})).await["sale"].clone();
        let members = &sale["versions"][0]["members"];
        for (user, eligible) in [(&ann, 40), (&bob, 20)] {
            let member = with(members, "user_id", user);
            assert_eq!(member["decision"]["reproduced"], true);
            let inputs = &with(&member["rule_trees"], "rule_tree_id", BASE)["outcomes"][0]["inputs"];
            assert_eq!((&inputs["eligible_of_ticket"], &inputs["eligible"]), (&json!(60), &json!(eligible)));
        }
        // Bob pays no more: everything is taken back from him.
        both["request_id"] = json!("r2");
        both["request_payload"]["modified_time"] = json!("2017-01-31T12:50:00Z");
        both["request_payload"]["payments"].as_array_mut().unwrap().pop();
        sold(&server, both).await;
        let body = json!({"transaction_id": "T-1", "user_id": "901"});
        let sale = explained(&server, body).await["sale"].clone();
        let members = |version: usize| sale["versions"][version]["members"].as_array().unwrap().clone();
        assert_eq!((members(0).len(), members(1).len()), (1, 1), "{sale:#}");
        assert_eq!((&members(1)[0]["user_id"], &members(1)[0]["state"]), (&json!(bob), &json!("booked")));
        assert!(
            members(1)[0]["rows"]
                .as_array()
                .unwrap()
                .iter()
                .all(|row| row["cause"]["type"] == "sale_taken_back")
        );
        // An erased member is named no more, and what is not kept is not made up.
        done(&server, "gdpr/forget_user", json!({"user_id": "901", "request_id": "e1", "reason": "asked"}))
            .await;
        for checkpoint in [false, true] {
            if checkpoint {
                assert_eq!(server.admin("POST", "/admin/checkpoint", "").await.status, 200);
            }
            let sale = explained(&server, json!({"transaction_id": "T-1"})).await["sale"].clone();
            assert!(!sale.to_string().contains(&bob), "{sale:#}");
            let first = with(&sale["versions"][0]["members"], "user_id", &ann);
            assert_eq!(
                (&sale["versions"][0]["kept"], &first["decision"]["not_reproduced_because"]),
                (&json!(false), &json!("sale_not_kept"))
            );
            assert!(!first["outcomes"].as_array().unwrap().is_empty());
        }
    });
}

#[test]
fn a_version_that_is_open_is_there_and_was_not_evaluated() {
    run(async |server| {
        server.member("900").await;
        let mut open = sale("r1", "T-1", "900", 60.0);
        open["request_payload"]["is_closed"] = json!(false);
        sold(&server, open).await;
        sold(&server, version("r2", "T-1", "900", 60.0, 30)).await;
        let sale = explained(&server, json!({"transaction_id": "T-1"})).await["sale"].clone();
        let seen: Vec<_> = sale["versions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|version| {
                (
                    version["is_closed"].clone(),
                    version["evaluated"].clone(),
                    version["members"].as_array().unwrap().len(),
                )
            })
            .collect();
        assert_eq!(seen, [(json!(false), json!(false), 0), (json!(true), json!(true), 1)]);
        assert!(!rows(&server, "900").await.is_empty());
    });
}

#[test]
fn wrong_questions_are_refused_with_their_code() {
    run(async |server| {
        server.member("900").await;
        server.member("901").await;
        sold(&server, sale("r1", "T-1", "900", 60.0)).await;
        let row = rows(&server, "900").await[0]["id"].clone();
        for (body, status, code) in [
            (json!({}), 400, "invalid_request"),
            (json!({"point_audit_log_id": row}), 400, "invalid_request"),
            (json!({"user_id": "900", "point_audit_log_id": "x"}), 400, "invalid_request"),
            (
                json!({"user_id": "900", "point_audit_log_id": row, "transaction_id": "T-1"}),
                400,
                "invalid_request",
            ),
            (json!({"user_id": "nobody", "point_audit_log_id": row}), 404, "user_not_found"),
            (json!({"user_id": "901", "point_audit_log_id": row}), 404, "audit_log_not_found"),
            (json!({"user_id": "900", "tier_movement_id": row}), 404, "tier_movement_not_found"),
            (json!({"user_id": "900", "event_id": row}), 404, "event_not_found"),
            (json!({"user_id": "900", "event_id": "x"}), 400, "invalid_request"),
            (json!({"event_id": row}), 400, "invalid_request"),
            (json!({"transaction_id": "T-9"}), 404, "transaction_not_found"),
            (json!({"transaction_id": "T-1", "store_id": SOURCE}), 404, "transaction_not_found"),
            (json!({"sale_id": SOURCE}), 404, "transaction_not_found"),
            (json!({"transaction_id": "T-1", "user_id": "nobody"}), 404, "user_not_found"),
        ] {
            let (answered, told, _) = refused(&server, "point_audit_logs/explain", body.clone()).await;
            assert_eq!((answered, &*told), (status, code), "{body}");
        }
        let other = json!({"retailer_id": SOURCE, "transaction_id": "T-1"});
        let answer = server.connect("/incentives/api/1.0/point_audit_logs/explain", &other).await;
        assert_eq!(
            (answer.status, &answer.json()["errors"]["code"]),
            (403, &json!("retailer_not_authorized"))
        );
        let body = json!({"retailer_id": RETAILER, "transaction_id": "T-1"}).to_string();
        let answer =
            server.ask("POST", "/incentives/api/1.0/point_audit_logs/explain", "Basic eDp5", &body).await;
        assert_eq!(answer.status, 401);
    });
}
