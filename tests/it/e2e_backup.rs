//! Backups of a running server, and servers that go on from them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::{RETAILER, STORE, Server, eventually, program};

const CLOCK: [&str; 2] = ["--test-clock", "2017-02-01T00:00:00Z"];
const TILLS: u32 = 4;
const CUSTOMERS: [&str; 3] = ["900", "901", "902"];
/// A sale of 1 earns as many points. So little that nobody climbs a tier, where sales earn more.
const POINTS_A_SALE: i64 = 1;

/// A server that may make backups, and the folder they go to.
struct Backed {
    server: Server,
    folder: TempDir,
}

impl Backed {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let flags = [CLOCK[0], CLOCK[1], "--backup-folder", folder.path().to_str().unwrap()];
        let server = Server::start(&flags);
        server.apply_grocery();
        for customer in CUSTOMERS {
            server.create_customer(customer);
        }
        Self { folder, server }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `laurel backup`.
    fn back_up(&self, folder: &Path) -> Output {
        self.server.client(&["backup"], folder).output().unwrap()
    }

    /// A server that goes on from a backup, with the keys of this one.
    fn restored(&self, folder: &Path) -> Server {
        let mut copy = Server::prepare(&CLOCK);
        let output = restore(folder, &copy.data());
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("Nothing is wrong."), "{}", said(&output));
        fs::copy(self.server.keys_file(), copy.keys_file()).unwrap();
        copy.restart();
        copy
    }
}

fn restore(backup: &Path, data: &Path) -> Output {
    program().arg("restore").arg(backup).arg("--data").arg(data).output().unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

fn transaction(till: u32, number: u32) -> String {
    format!("T-{till}-{number}")
}

fn customer_of(till: u32, number: u32) -> &'static str {
    CUSTOMERS[usize::try_from(till + number).unwrap() % CUSTOMERS.len()]
}

/// Sends the next sale of a till.
fn sell(server: &Server, till: u32, number: u32) {
    let (time, transaction) = ("2017-01-31T12:00:00.000Z", transaction(till, number));
    let sale = json!({"store_id": STORE, "client_id": RETAILER, "request_id": transaction, "request_payload": {
        "transaction_id": transaction, "channel": "POS", "subtotal": 1, "open_time": time, "modified_time": time,
        "items": [{"line_id": "1", "item_id": "bread", "quantity": 1, "unit_price": 1, "subtotal": 1}],
        "payments": [{"payment_id": "1", "amount": 1, "type": "Cash", "payment_time": time,
                      "user_id": customer_of(till, number), "user_id_type": "External_ID"}]}});
    assert_eq!(server.pos("send_transaction", &sale).ok()["status"], "OK");
}

/// All sales that the server has.
fn sales(server: &Server) -> BTreeSet<String> {
    let path = "/transactions/api/1.0/transactions/info/get_store_transactions";
    let mut query = json!({"retailer_id": RETAILER, "store_id": STORE, "take": 500});
    let mut found = BTreeSet::new();
    loop {
        let page = server.connect(path, &query).ok();
        let results = page["payload"]["results"].as_array().unwrap().clone();
        found.extend(results.iter().map(|sale| sale["pos_transaction_id"].as_str().unwrap().to_owned()));
        match &page["payload"]["pagination_token"] {
            Value::Null => return found,
            token => query["pagination_token"] = token.clone(),
        }
    }
}

/// Waits until every customer has been credited for exactly these sales.
#[track_caller]
fn check_credited(server: &Server, sales: &BTreeSet<String>) {
    let mut expected: BTreeMap<&str, i64> = CUSTOMERS.into_iter().map(|customer| (customer, 0)).collect();
    for sale in sales {
        let numbers: Vec<u32> = sale.split('-').skip(1).map(|number| number.parse().unwrap()).collect();
        *expected.get_mut(customer_of(numbers[0], numbers[1])).unwrap() += POINTS_A_SALE;
    }
    for (customer, points) in expected {
        eventually("the points", || (server.available_points(customer)? >= points).then_some(()));
        assert_eq!(server.available_points(customer), Some(points), "customer {customer}");
    }
}

#[test]
fn a_backup_under_load_has_all_that_was_acknowledged_before_it() {
    let backed = Backed::start();
    let sold: Vec<AtomicU32> = (0..TILLS).map(|_| AtomicU32::new(0)).collect();
    let counts = || -> Vec<u32> { sold.iter().map(|count| count.load(Ordering::SeqCst)).collect() };
    let folder = backed.at("under-load");
    let ended = AtomicBool::new(false);
    let before = thread::scope(|scope| {
        for (till, count) in (0..).zip(&sold) {
            let (ended, server) = (&ended, &backed.server);
            scope.spawn(move || {
                while !ended.load(Ordering::SeqCst) {
                    sell(server, till, count.load(Ordering::SeqCst));
                    count.fetch_add(1, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
        eventually("some sales", || (counts().iter().all(|count| *count >= 15)).then_some(()));
        backed.server.admin("POST", "/admin/checkpoint", "").ok();
        eventually("more sales", || (counts().iter().all(|count| *count >= 30)).then_some(()));
        let before = counts();
        let output = backed.back_up(&folder);
        assert!(output.status.success(), "{}", said(&output));
        let then = counts();
        eventually("sales after it", || {
            (counts().iter().zip(&then).all(|(now, then)| now > then)).then_some(())
        });
        ended.store(true, Ordering::SeqCst);
        before
    });
    let copy = backed.restored(&folder);
    let (kept, all) = (sales(&copy), sales(&backed.server));
    assert!(kept.is_subset(&all) && kept.len() < all.len(), "{} of {}", kept.len(), all.len());
    for (till, before) in (0..).zip(before) {
        // Each till sends one sale after the other: what is there of it is a beginning, and all that it was told of.
        let of_till = format!("T-{till}-");
        let count = u32::try_from(kept.iter().filter(|sale| sale.starts_with(&of_till)).count()).unwrap();
        assert!(count >= before, "till {till}: {count} of {before}");
        assert!((0..count).all(|number| kept.contains(&transaction(till, number))), "till {till}");
    }
    check_credited(&copy, &kept);
    check_credited(&backed.server, &all);
    // It goes on from there: a sale that it does not have is a new one, one that it has is the same.
    sell(&copy, 0, 0);
    sell(&copy, 7, 0);
    let mut more = kept;
    more.insert(transaction(7, 0));
    check_credited(&copy, &more);
}

/// What a server says of a customer, a sale and a ledger.
fn answers(server: &Server) -> Vec<Value> {
    let mut answers = Vec::new();
    for customer in CUSTOMERS {
        let path = format!("/external/users/{customer}?expand_incentives=true");
        answers.push(server.core("GET", &path, None).ok());
        let query = json!({"retailer_id": RETAILER, "user_id": customer});
        answers
            .push(server.connect("/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs", &query).ok());
        answers.push(server.connect("/incentives/api/1.0/user_state/fetch", &query).ok());
    }
    answers
}

#[test]
fn a_restored_server_answers_as_the_original_did() {
    let backed = Backed::start();
    for number in 0..9 {
        sell(&backed.server, 1, number);
        if number == 4 {
            backed.server.admin("POST", "/admin/checkpoint", "").ok();
        }
    }
    check_credited(&backed.server, &sales(&backed.server));
    let folder = backed.at("one");
    let output = backed.back_up(&folder);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("a backup of everything up to position "), "{}", said(&output));
    let again = backed.back_up(&folder);
    assert_eq!(said(&again), said(&output), "the same backup");
    let original = answers(&backed.server);
    let copy = backed.restored(&folder);
    assert_eq!(answers(&copy), original);
    assert_eq!(sales(&copy), sales(&backed.server));
    // The credentials are those of the original, and no key is in the backup.
    let secret = &backed.server.keys().pos.secret;
    for file in fs::read_dir(&folder).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()));
    }
}

#[test]
fn a_server_killed_in_the_middle_leaves_no_backup_and_starts_again() {
    let mut backed = Backed::start();
    for number in 0..6 {
        sell(&backed.server, 1, number);
    }
    let mut attempt = 0;
    let folder = loop {
        attempt += 1;
        assert!(attempt < 20, "it is never met in the middle");
        let folder = backed.at(&format!("attempt-{attempt}"));
        let begun = backed.server.admin("POST", "/admin/backup", &json!({ "folder": folder }).to_string());
        assert_eq!(begun.status, 202, "{}", begun.text);
        while !folder.join("backup.json.new").exists() && !folder.join("backup.json").exists() {
            thread::sleep(Duration::from_micros(50));
        }
        backed.server.kill9();
        let is_whole = folder.join("backup.json").exists();
        backed.server.restart();
        if !is_whole {
            break folder;
        }
    };
    let all = sales(&backed.server);
    assert_eq!(all.len(), 6);
    check_credited(&backed.server, &all);
    let copy = TempDir::new().unwrap();
    let output = restore(&folder, &copy.path().join("data"));
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("was not finished"), "{}", said(&output));
    assert!(!copy.path().join("data").exists());
    let output = backed.back_up(&folder);
    assert!(said(&output).contains("(folder_not_empty)"), "{}", said(&output));
    let output = backed.back_up(&backed.at("next"));
    assert!(output.status.success(), "{}", said(&output));
    check_credited(&backed.restored(&backed.at("next")), &all);
}

#[test]
fn wrong_inputs_are_named_and_nothing_is_touched() {
    let backed = Backed::start();
    let folder = backed.at("one");
    assert!(backed.back_up(&folder).status.success());
    let elsewhere = TempDir::new().unwrap();
    let refused = |output: &Output, what: &str| {
        assert_eq!(output.status.code(), Some(2), "{}", said(output));
        assert!(said(output).contains(what), "{}", said(output));
    };
    refused(&backed.back_up(&elsewhere.path().join("x")), "(folder_not_allowed)");
    assert!(!elsewhere.path().join("x").exists());

    let data = elsewhere.path().join("data");
    refused(&restore(&elsewhere.path().join("none"), &data), "there is no such folder");
    refused(&restore(elsewhere.path(), &data), "is no backup");
    refused(&restore(&folder, &backed.server.data()), "in use by another process");
    refused(&restore(&folder, &folder), "already");
    let damaged = backed.at("damaged");
    fs::create_dir(&damaged).unwrap();
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, damaged.join(path.file_name().unwrap())).unwrap();
    }
    let mut bytes = fs::read(damaged.join("state.redb")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(damaged.join("state.redb"), bytes).unwrap();
    refused(&restore(&damaged, &data), "state.redb of the backup is damaged");
    assert!(!data.exists(), "nothing is left of it");

    // A backup is not served, and stays as it is.
    let names = |folder: &Path| -> BTreeSet<_> {
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect()
    };
    let before = names(&folder);
    let served =
        program().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&folder).output().unwrap();
    refused(&served, "holds a backup");
    assert_eq!(names(&folder), before);
    let mixed = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(elsewhere.path().join("new"))
        .arg("--backup-folder")
        .arg(elsewhere.path().join("new/backups"))
        .output()
        .unwrap();
    refused(&mixed, "inside each other");
}
