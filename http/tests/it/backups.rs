//! Backups on request: where they may go, one at a time, and what is said of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use actors::{BackupFolder, BackupSettings};
use serde_json::{Value, json};
use store::{FolderDisk, backup::restore};
use tempfile::TempDir;

use crate::support::{Answer, Server, run, sale};

struct Folders {
    /// Removed with this.
    _root: TempDir,
    root: PathBuf,
}

impl Folders {
    /// A folder for backups and one that may be the data folder; backups wait until something is written to
    /// `tenant.json`.
    fn for_backups(server: &Server) -> Self {
        let root = TempDir::new().unwrap();
        let folders = Self { root: root.path().canonicalize().unwrap(), _root: root };
        fs::create_dir(folders.at("data")).unwrap();
        let attachment = folders.at("data/tenant.json");
        assert!(Command::new("mkfifo").arg(&attachment).status().unwrap().success());
        server.engine.allow_backups(BackupSettings {
            below: BackupFolder::new(&folders.at("backups"), &folders.at("data")).unwrap(),
            made_by: "the tests".to_owned(),
            attachments: vec![attachment],
        });
        folders
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    async fn let_go_on(&self) {
        let attachment = self.at("data/tenant.json");
        tokio::task::spawn_blocking(move || fs::write(attachment, "{}")).await.unwrap().unwrap();
    }
}

async fn begin(server: &Server, folder: &Path) -> Answer {
    server.admin("POST", "/admin/backup", &json!({ "folder": folder }).to_string()).await
}

async fn look(server: &Server) -> Value {
    let seen = server.admin("GET", "/admin/backup", "").await;
    assert_eq!(seen.status, 200);
    seen.json()["backup"].clone()
}

async fn ended(server: &Server) -> Value {
    for _ in 0..2000 {
        let seen = look(server).await;
        if seen["state"] != "running" {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the backup does not end");
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["errors"]["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn one_is_made_at_a_time_and_asking_again_is_the_same_one() {
    run(async |server| {
        let folders = Folders::for_backups(&server);
        server.till(&sale("r1", "T1", "900", 1.0)).await;
        assert_eq!(look(&server).await, Value::Null);
        let (first, second) = (folders.at("backups/one"), folders.at("backups/two"));
        for _ in 0..2 {
            let begun = begin(&server, &first).await;
            assert_eq!((begun.status, &begun.json()["backup"]["state"]), (202, &json!("running")));
            assert_eq!(code(&begin(&server, &second).await), (409, "backup_running".to_owned()));
        }
        assert_eq!(look(&server).await["folder"], json!(first));
        folders.let_go_on().await;
        let made = ended(&server).await;
        assert_eq!(made["state"], "finished", "{made}");
        assert!(made["position"]["lsn"].as_u64().unwrap() > 2, "{made}");
        assert_eq!(made["rows"], made["rows_total"]);
        assert!(made["bytes"].as_u64().unwrap() > 1000 && made["reason"].is_null(), "{made}");
        let again = begin(&server, &first).await;
        assert_eq!((again.status, &again.json()["backup"]), (200, &made));
        assert!(!second.exists());
        let copy = FolderDisk::new(folders.at("copy")).unwrap();
        let manifest = restore(&FolderDisk::new(&first).unwrap(), &copy).unwrap();
        assert_eq!(
            (manifest.lsn, manifest.made_by.as_str()),
            (made["position"]["lsn"].as_u64().unwrap(), "the tests")
        );
        // Another folder is another backup.
        assert_eq!(begin(&server, &second).await.status, 202);
        folders.let_go_on().await;
        assert_eq!(ended(&server).await["folder"], json!(second));
        // The first one is no longer the one that was begun last, and its folder is full.
        assert_eq!(code(&begin(&server, &first).await), (400, "folder_not_empty".to_owned()));
    });
}

#[test]
fn one_that_failed_says_why_and_can_be_begun_again() {
    run(async |server| {
        let folders = Folders::for_backups(&server);
        let folder = folders.at("backups/one");
        assert_eq!(begin(&server, &folder).await.status, 202);
        fs::write(folder.join("holiday.jpg"), "x").unwrap();
        folders.let_go_on().await;
        let failed = ended(&server).await;
        assert_eq!(failed["state"], "failed");
        assert!(failed["reason"].as_str().unwrap().contains("holiday.jpg"), "{failed}");
        fs::remove_file(folder.join("holiday.jpg")).unwrap();
        assert_eq!(begin(&server, &folder).await.status, 202);
        folders.let_go_on().await;
        assert_eq!(ended(&server).await["state"], "finished");
    });
}

#[test]
fn a_drained_engine_gives_it_up_and_begins_none() {
    run(async |server| {
        let folders = Folders::for_backups(&server);
        let folder = folders.at("backups/one");
        assert_eq!(begin(&server, &folder).await.status, 202);
        let (drained, ()) = tokio::join!(server.engine.drain(Duration::from_millis(100)), async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            folders.let_go_on().await;
        });
        drained.unwrap();
        assert_eq!(look(&server).await["state"], "failed");
        assert!(!folder.exists(), "nothing is left of it");
        assert_eq!(code(&begin(&server, &folder).await), (503, "temporarily_unavailable".to_owned()));
    });
}

#[test]
fn they_go_nowhere_else_than_they_may() {
    run(async |server| {
        let refused = begin(&server, Path::new("/anywhere")).await;
        assert_eq!(code(&refused), (400, "backups_not_allowed".to_owned()));
        assert!(refused.body.contains("--backup-folder"), "{}", refused.body);
        let folders = Folders::for_backups(&server);
        for elsewhere in ["backups", "data", "data/x", "elsewhere", "backups/../data/x", "backups/./x"] {
            let refused = begin(&server, &folders.at(elsewhere)).await;
            assert_eq!(code(&refused), (400, "folder_not_allowed".to_owned()), "{elsewhere}");
        }
        for relative in ["backups/x", ".", "../backups/x"] {
            assert_eq!(
                code(&begin(&server, Path::new(relative)).await),
                (400, "folder_not_allowed".to_owned())
            );
        }
        fs::write(folders.at("backups/file"), "x").unwrap();
        assert_eq!(code(&begin(&server, &folders.at("backups/file")).await).1, "folder_unusable");
        assert_eq!(code(&begin(&server, &folders.at("backups/file/x")).await).1, "folder_unusable");
        for body in ["", "[]", "{}", r#"{"folder":5}"#, r#"{"folder":""}"#] {
            let refused = server.admin("POST", "/admin/backup", body).await;
            assert_eq!(code(&refused), (400, "invalid_request".to_owned()), "{body}");
        }
        for verb in ["GET", "POST"] {
            let denied = server.ask(verb, "/admin/backup", "Bearer wrong", "{}").await;
            assert_eq!(code(&denied), (401, "unauthorized".to_owned()));
        }
        let wrong = server.admin("PUT", "/admin/backup", "{}").await;
        assert_eq!((wrong.status, wrong.header("Allow")), (405, Some("GET, POST")));
        assert_eq!(look(&server).await, Value::Null, "nothing was begun");
    });
}
