//! Damaged files and the real program: verification says so, a repair puts right what can be, and refuses a loss.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::server::{Server, program};

const SECTOR: usize = 512;

fn verify(data: &Path, flags: &[&str]) -> (i32, String) {
    let output = program().arg("verify").arg("--data").arg(data).args(flags).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn files(data: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn change(file: &Path, change: impl FnOnce(&mut [u8])) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

fn kept(data: &Path) -> usize {
    let is_kept = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("damaged-");
    let folders = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).filter(is_kept);
    folders.map(|folder| fs::read_dir(folder).unwrap().count()).sum()
}

#[test]
fn damage_is_repaired_or_a_loss_refused() {
    let mut server = Server::start(&[]);
    server.apply_grocery();
    server.create_customer("900");
    server.admin("POST", "/admin/checkpoint", "{}").ok();
    server.create_customer("901");
    assert!(server.stop().success());
    let data = server.data();
    let (code, text) = verify(&data, &[]);
    assert_eq!(code, 0, "{text}");

    // One bit of the journal: its checks say which.
    let journal = data.join("journal-0000000000000001.log");
    change(&journal, |bytes| bytes[SECTOR + 100] ^= 4);
    let (code, text) = verify(&data, &[]);
    assert!(code == 1 && text.contains("journal-0000000000000001.log: frame 1"), "{text}");
    let (code, text) = verify(&data, &["--repair"]);
    assert!(
        code == 0 && text.contains("Repaired without loss") && text.ends_with("Nothing is wrong.\n"),
        "{text}"
    );
    assert_eq!((verify(&data, &[]).0, kept(&data)), (0, 1));

    // The last frame, which no table has.
    let journal = data.join("journal-0000000000000002.log");
    change(&journal, |bytes| {
        let last = bytes.chunks(SECTOR).rposition(|sector| matches!(sector[8], 1 | 2)).unwrap();
        bytes[last * SECTOR..(last + 1) * SECTOR].fill(0xee);
    });
    let before = files(&data);
    let (code, text) = verify(&data, &["--repair"]);
    assert!(code == 3 && text.contains("Would be lost") && text.contains("frame"), "{text}");
    assert!(files(&data) == before, "a refused repair changes nothing");
    let (code, text) = verify(&data, &["--repair", "--accept-loss"]);
    assert!(code == 0 && text.contains("Lost:"), "{text}");

    server.restart();
    assert_eq!(server.available_points("900"), Some(0));
}
