//! The command `demo`, and options that come from a file.

use std::fs;

use tempfile::TempDir;

use crate::server::{free_port, program};

fn demo(folder: &TempDir) -> String {
    // Half of the options from the file, half from flags, as users mix them.
    let file = folder.path().join("laurel.toml");
    fs::write(&file, format!("[demo]\nexit = true\nlisten = \"127.0.0.1:{}\"\n", free_port())).unwrap();
    let output = program()
        .arg("--config")
        .arg(&file)
        .args(["demo", "--data"])
        .arg(folder.path().join("data"))
        .output()
        .unwrap();
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{text}{errors}");
    text.into_owned()
}

/// The part of the summary that depends on the sales alone.
fn standings(told: &str) -> &str {
    let from = told.find(" points issued").map(|at| told[..at].rfind('\n').unwrap_or(0));
    &told[from.unwrap_or_else(|| panic!("no summary: {told}"))..]
}

#[test]
fn the_demo_shows_members_in_tiers_and_a_second_run_doubles_nothing() {
    let folder = TempDir::new().unwrap();
    let first = demo(&folder);
    assert!(first.contains("200 members are enrolled, 0 of them were before"), "{first}");
    assert!(first.contains("3271 sales in "), "{first}");
    assert!(first.contains("points issued to 200 members"), "{first}");
    assert!(first.contains("Silver") && first.contains("The most loyal"), "{first}");

    let second = demo(&folder);
    assert!(second.contains("200 of them were before"), "{second}");
    assert_eq!(standings(&second), standings(&first));
}
