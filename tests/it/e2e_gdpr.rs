//! Erasure reaches the bytes on disk: after a checkpoint nothing of the customer is in any file (incentives.md 7.17).

use std::fs;

use serde_json::{Value, json};

use crate::server::{RETAILER, STORE, Server, eventually};

const EXTERNAL: &str = "xid-Karenina-1877";

/// Everything that could give the customer away.
const TRACES: [&str; 12] = [
    EXTERNAL,
    "anna.karenina@example.test",
    "Arkadyevna",
    "Kareninowna",
    "Moika-Embankment-12",
    "Petropolis",
    "5558675309",
    "likes-trains",
    "hide-from-alexei",
    "order-of-anna",
    "key-of-anna",
    "gift-for-seryozha",
];

struct Erased {
    server: Server,
    id: String,
    tombstone: String,
}

fn sale(request: &str, transaction: &str, amount: u32, is_closed: bool, modified: &str) -> Value {
    let opened = "2017-01-31T12:00:00Z";
    json!({"store_id": STORE, "client_id": RETAILER, "request_id": request, "request_payload": {
        "transaction_id": transaction, "channel": "POS", "subtotal": amount, "is_closed": is_closed,
        "open_time": opened, "modified_time": modified,
        "custom_data": {"note": "gift-for-seryozha"},
        "items": [{"line_id": "1", "item_id": "bread", "quantity": 1, "unit_price": amount, "subtotal": amount,
                   "custom_data": {"engraving": "hide-from-alexei"}}],
        "payments": [
            {"payment_id": "1", "amount": amount, "type": "Cash", "payment_time": opened,
             "user_id": "Anna.Karenina@example.test", "user_id_type": "Email",
             "custom_data": {"note": "likes-trains"}}]}})
}

fn create(server: &Server) -> String {
    let user = json!({"user": {
        "external_id": EXTERNAL, "email": "Anna.Karenina@example.test", "first_name": "Arkadyevna",
        "last_name": "Kareninowna", "address": "Moika-Embankment-12", "city": "Petropolis",
        "phone_numbers": [{"phone_number": "5558675309", "phone_type": "mobile"}]}});
    let id = server.core("POST", "/users", Some(&user)).ok()["user"]["id"].as_str().unwrap().to_owned();
    server.pos("send_transaction", &sale("r-1", "T-Anna-1", 30, true, "2017-01-31T12:10:00Z")).ok();
    server.pos("send_transaction", &sale("r-2", "T-Anna-1", 20, true, "2017-01-31T12:20:00Z")).ok();
    server.pos("send_transaction", &sale("r-3", "T-open", 70, false, "2017-01-31T12:20:00Z")).ok();
    let detail = json!({"amount": 25, "point_account_id": "9a000000-0000-4000-8000-000000000001",
                        "point_source_id": "9a000000-0000-4000-8000-000000000012",
                        "reference_id": "order-of-anna", "reference_type": "MakeGood",
                        "idempotency_id": "key-of-anna", "transaction_id": "T-Anna-1"});
    let deposit = json!({"retailer_id": RETAILER, "user_id": EXTERNAL, "deposit_details": [detail]});
    server.connect("/incentives/api/1.0/user_points/deposit", &deposit).ok();
    eventually("the points", || (server.available_points(EXTERNAL) == Some(45)).then_some(()));
    id
}

/// A customer in the tables and in the journal, erased, and somebody else beside it.
fn erased() -> Erased {
    let server = Server::start(&["--test-clock", "2017-02-01T00:00:00Z"]);
    server.apply_grocery();
    server.create_customer("900");
    let id = create(&server);
    server.admin("POST", "/admin/checkpoint", "").ok();
    // Again in the journal, and as a profile that has been changed in the tables.
    let changed = json!({"user": {"first_name": "Anna Arkadyevna"}});
    server.core("PUT", &format!("/users/{id}"), Some(&changed)).ok();
    server.pos("send_transaction", &sale("r-4", "T-Anna-2", 10, true, "2017-01-31T12:30:00Z")).ok();
    eventually("the points", || (server.available_points(EXTERNAL) == Some(55)).then_some(()));
    for trace in [EXTERNAL, "Arkadyevna", "likes-trains", "Petropolis"] {
        assert!(!holders(&server, trace.as_bytes()).is_empty(), "{trace} is on disk before");
    }
    let body = json!({"retailer_id": RETAILER, "user_id": EXTERNAL, "request_id": "erase-1"});
    let answer = server.connect("/incentives/api/1.0/gdpr/forget_user", &body).ok();
    let tombstone = answer["payload"]["tombstone_user_id"].as_str().unwrap().to_owned();
    assert_eq!(answer["payload"]["state"], "completed");
    Erased { server, id, tombstone }
}

/// The files that hold these bytes in any letter case, as they are or as UTF-16.
fn holders(server: &Server, wanted: &[u8]) -> Vec<String> {
    let wide = |pad: [bool; 2]| -> Vec<u8> {
        wanted.iter().flat_map(|byte| if pad[0] { [0, *byte] } else { [*byte, 0] }).collect()
    };
    let forms = [wanted.to_vec(), wide([true, false]), wide([false, true])];
    let mut found = Vec::new();
    for file in fs::read_dir(server.data()).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let holds = |form: &Vec<u8>| {
            let first = form[0];
            let begins = |window: &&[u8]| window[0].eq_ignore_ascii_case(&first);
            bytes.windows(form.len()).filter(begins).any(|window| window.eq_ignore_ascii_case(form))
        };
        if forms.iter().any(holds) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found
}

impl Erased {
    fn checkpoint(&self) {
        self.server.admin("POST", "/admin/checkpoint", "").ok();
    }

    fn check_bytes_are_gone(&self) {
        let raw: Vec<u8> = (0..16)
            .map(|at| {
                let hex: String = self.id.chars().filter(|digit| *digit != '-').collect();
                u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()
            })
            .collect();
        for trace in TRACES.iter().map(|trace| trace.as_bytes()).chain([self.id.as_bytes(), &raw]) {
            let text = String::from_utf8_lossy(trace);
            assert_eq!(holders(&self.server, trace), [] as [String; 0], "{text}");
        }
    }

    fn check_answers(&self) {
        let server = &self.server;
        assert_eq!(server.available_points(EXTERNAL), None);
        assert_eq!(server.core("GET", &format!("/users/{}", self.id), None).status, 404);
        assert_eq!(server.available_points("900"), Some(0), "others are left alone");
        let body = json!({"retailer_id": RETAILER, "request_id": "erase-1"});
        assert_eq!(
            server.connect("/incentives/api/1.0/gdpr/status", &body).ok()["payload"]["state"],
            "completed"
        );
        let rows = json!({"retailer_id": RETAILER, "user_id": self.tombstone});
        let rows = server.connect("/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs", &rows).ok();
        let rows = rows["payload"]["results"].as_array().unwrap().clone();
        let points = |row: &&Value| row["point_account_id"] == "9a000000-0000-4000-8000-000000000001";
        let sum: f64 = rows.iter().filter(points).map(|row| row["modification"].as_f64().unwrap()).sum();
        assert!((sum - 55.0).abs() < f64::EPSILON, "{rows:?}");
        assert!(!json!(rows).to_string().to_lowercase().contains("anna"), "{rows:?}");
    }
}

#[test]
fn nothing_of_an_erased_customer_is_in_any_file_after_a_checkpoint() {
    let mut erased = erased();
    erased.checkpoint();
    erased.check_bytes_are_gone();
    erased.check_answers();
    assert!(erased.server.stop().success());
    erased.check_bytes_are_gone();
    erased.server.restart();
    erased.check_bytes_are_gone();
    erased.check_answers();
    // A later checkpoint brings nothing back.
    erased.checkpoint();
    erased.check_bytes_are_gone();
}

#[test]
fn an_erasure_outlives_a_kill_before_the_checkpoint() {
    let mut erased = erased();
    erased.server.kill9();
    erased.server.restart();
    erased.check_answers();
    erased.checkpoint();
    erased.check_bytes_are_gone();
    erased.check_answers();
    assert!(erased.server.stop().success());
    erased.check_bytes_are_gone();
}
