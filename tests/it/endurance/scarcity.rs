//! A disk without room, a folder that cannot be written, a second process, a clock that was set back.
//!
//! What needs rights that whoever runs the tests may not have (mounting, another user) is left out then, and says so.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{
    deed::{Deed, Sale},
    open_shop,
    till::Till,
};
use crate::server::{Server, eventually, program};

const NOBODY: u32 = 65534;
const CLOCK: [&str; 4] = ["--test-clock", "2017-02-01T00:00:00Z", "--checkpoint-records", "3000"];
const MEMBER: &str = "m-1";
/// Somebody who buys nothing.
const BYSTANDER: &str = "m-2";
const DOLLARS: i64 = 7;
/// Sales in one request: this client reads only when it has sent everything, so the answers must fit into the buffers
/// between.
const STREAMED: usize = 500;

/// A file system of its own, of so many bytes; gone with this.
struct Volume {
    folder: TempDir,
}

impl Volume {
    /// Nothing where it may not be mounted.
    fn mount(bytes: usize) -> Option<Self> {
        let volume = Self { folder: TempDir::new().unwrap() };
        let size = format!("size={bytes},mode=0755");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(volume.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(volume);
        }
        eprintln!("left out: no file system can be mounted here");
        None
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn remount(&self, how: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.path()).status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.path()).output());
    }
}

fn sale(number: usize) -> Sale {
    Sale { id: format!("t-{number}"), member: MEMBER.to_owned(), amount: DOLLARS, before: 0, version: 1 }
}

/// Streams sales of these numbers; answers which were taken. The others were refused for want of room.
fn send(till: &Till, numbers: std::ops::Range<usize>) -> Vec<bool> {
    let sales: Vec<Sale> = numbers.map(sale).collect();
    sales.chunks(STREAMED).flat_map(|sales| stream(till, sales)).collect()
}

fn stream(till: &Till, sales: &[Sale]) -> Vec<bool> {
    let answers = till.stream(&Deed::lines(sales));
    assert_eq!(answers.len(), sales.len(), "a line for each");
    let taken = |status: &str| match status {
        "OK" => true,
        "temporarily_unavailable" | "overloaded" => false,
        other => panic!("a sale was answered {other}"),
    };
    answers.iter().map(|answer| taken(answer["status"].as_str().unwrap())).collect()
}

/// What the member has while the disk takes nothing: all of it, or no answer as long as some of it cannot be credited.
#[track_caller]
fn assert_stands(till: &Till, sales: usize) {
    match till.try_points(MEMBER) {
        Ok(found) => assert_eq!(found, points_of(sales)),
        Err(status) => assert_eq!(status, 503),
    }
}

fn points_of(sales: usize) -> Option<i64> {
    Some(DOLLARS * i64::try_from(sales).unwrap())
}

#[test]
fn a_full_disk_refuses_and_loses_nothing_and_room_is_enough_to_go_on() {
    const AT_ONCE: usize = 400;
    let Some(volume) = Volume::mount(40 << 20) else { return };
    let ballast = volume.path().join("ballast");
    fs::write(&ballast, vec![0; 24 << 20]).unwrap();
    let mut server = Server::prepare(&CLOCK).with_data(volume.path().join("data"));
    server.launch();
    open_shop(&server);
    server.create_customer(MEMBER);
    server.create_customer(BYSTANDER);
    let till = Till::new(&server);
    let (mut taken, mut sent) = (Vec::new(), 0);
    while taken.iter().all(|taken| *taken) {
        assert!(sent < 200_000, "the disk does not fill");
        taken.extend(send(&till, sent..sent + AT_ONCE));
        sent += AT_ONCE;
    }
    let durable = taken.iter().filter(|taken| **taken).count();
    let refused_alone = till.ask(&Deed::Sale(sale(sent)).request()).unwrap();
    assert_eq!(refused_alone.0, 503, "{}", refused_alone.1);
    assert_eq!(till.points(BYSTANDER), Some(0), "reads go on");
    assert_stands(&till, durable);

    // Killed on a full disk: what was answered is there as soon as it can start.
    server.kill9();
    server.spawn();
    let is_well = eventually("it starts, or says that there is no room", || {
        server.ended().or_else(|| (till.ask(&Deed::Sale(sale(0)).request())?.0 == 200).then_some(true))
    });
    if !is_well {
        assert!(server.log().contains("no space left"), "{}", server.log());
    }
    server.kill9();
    fs::remove_file(&ballast).unwrap();
    server.launch();
    assert_eq!(till.points(MEMBER), points_of(durable));
    // With room, and without another start when it is taken away and given back.
    let again = send(&till, 0..sent);
    assert!(again.iter().all(|taken| *taken), "what was refused is taken now, the rest is repeated");
    assert_eq!(till.points(MEMBER), points_of(sent));
    server.kill9();
    server.verify();
}

#[test]
fn a_disk_that_was_full_is_used_again_without_a_start() {
    let Some(volume) = Volume::mount(40 << 20) else { return };
    let ballast = volume.path().join("ballast");
    let mut server = Server::prepare(&CLOCK).with_data(volume.path().join("data"));
    server.launch();
    open_shop(&server);
    server.create_customer(MEMBER);
    server.create_customer(BYSTANDER);
    let till = Till::new(&server);
    assert!(send(&till, 0..100).into_iter().all(|taken| taken));
    fill(&ballast);
    let (mut sent, mut taken) = (100, 100);
    loop {
        let answers = send(&till, sent..sent + 100);
        (sent, taken) = (sent + 100, taken + answers.iter().filter(|taken| **taken).count());
        if answers.contains(&false) {
            break;
        }
    }
    assert_eq!(till.points(BYSTANDER), Some(0), "reads go on");
    assert_stands(&till, taken);
    fs::remove_file(&ballast).unwrap();
    eventually("it takes sales again", || send(&till, 0..sent).into_iter().all(|taken| taken).then_some(()));
    assert_eq!(till.points(MEMBER), points_of(sent));
}

/// Writes until there is no room.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    let block = vec![1; 4096];
    while std::io::Write::write_all(&mut file, &block).is_ok() {}
}

#[test]
fn a_folder_that_can_only_be_read_is_refused_by_name() {
    let Some(volume) = Volume::mount(64 << 20) else { return };
    let mut server = Server::prepare(&CLOCK).with_data(volume.path().join("data"));
    server.launch();
    open_shop(&server);
    server.create_customer(MEMBER);
    assert!(send(&Till::new(&server), 0..50).into_iter().all(|taken| taken));
    server.kill9();
    volume.remount("ro");
    let said = server.refuses_to_start();
    assert!(said.contains("data") && said.to_lowercase().contains("read-only"), "{said}");
    volume.remount("rw");
    server.launch();
    assert_eq!(Till::new(&server).points(MEMBER), points_of(50));
}

/// The process loses the right to make and remove files in its folder while it runs.
#[test]
fn a_folder_that_is_taken_away_while_the_process_runs_loses_nothing() {
    let setpriv = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let can = Command::new(setpriv[0])
        .args(&setpriv[1..])
        .arg(env!("CARGO_BIN_EXE_laurel"))
        .arg("--version")
        .output();
    if !can.is_ok_and(|output| output.status.success()) {
        return eprintln!("left out: the program cannot be run as another user here");
    }
    let mut server = Server::prepare(&CLOCK).started_by(&setpriv);
    let data: PathBuf = server.data();
    fs::create_dir(&data).unwrap();
    for folder in [server.folder(), &data] {
        chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    server.launch();
    open_shop(&server);
    server.create_customer(MEMBER);
    let till = Till::new(&server);
    chown(&data, Some(0), Some(0)).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o555)).unwrap();
    let taken = send(&till, 0..8000).into_iter().filter(|taken| *taken).count();
    till.checkpoint();
    assert_eq!(till.points(MEMBER), points_of(taken));
    server.kill9();
    let said = server.refuses_to_start();
    assert!(said.contains(data.to_str().unwrap()), "{said}");
    chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    server.launch();
    assert_eq!(till.points(MEMBER), points_of(taken));
    assert!(send(&till, 0..8000).into_iter().all(|taken| taken));
    assert_eq!(till.points(MEMBER), points_of(8000));
}

#[test]
fn a_second_process_is_refused_and_the_first_goes_on() {
    let mut server = Server::start(&CLOCK);
    open_shop(&server);
    server.create_customer(MEMBER);
    let till = Till::new(&server);
    assert!(send(&till, 0..50).into_iter().all(|taken| taken));
    let second = Server::prepare(&CLOCK).with_data(server.data());
    let said = second.refuses_to_start();
    assert!(said.contains("another process"), "{said}");
    let verified = program().arg("verify").arg("--data").arg(server.data()).output().unwrap();
    assert!(!verified.status.success(), "nobody else opens the folder while it is in use");
    assert!(send(&till, 50..100).into_iter().all(|taken| taken));
    server.kill9();
    server.verify();
    server.launch();
    assert_eq!(till.points(MEMBER), points_of(100));
}

#[test]
fn a_clock_that_was_set_back_takes_nothing_away() {
    let mut server = Server::start(&CLOCK);
    open_shop(&server);
    server.create_customer(MEMBER);
    let till = Till::new(&server);
    assert!(send(&till, 0..50).into_iter().all(|taken| taken));
    let key = |word: &str| format!("clock-{word}");
    let deposit = |word: &str| Deed::Deposit { member: MEMBER.to_owned(), amount: 20, key: key(word) };
    let spend = |word: &str| Deed::Spend { member: MEMBER.to_owned(), amount: 300, key: key(word) };
    let done = |deed: Deed| {
        let (status, text) = till.ask(&deed.request()).unwrap();
        deed.is_done(status, &text).unwrap();
    };
    done(deposit("first"));
    let mut expected = 50 * DOLLARS + 20;
    // A month, a day and less than the length of a request back; and forward again.
    for (number, clock) in
        ["2017-01-31T23:59:59Z", "2017-01-30T00:00:00Z", "2017-01-01T00:00:00Z", "2017-02-02T00:00:00Z"]
            .into_iter()
            .enumerate()
    {
        server.kill9();
        server.set_flags(&["--test-clock", clock]);
        server.launch();
        assert_eq!(till.points(MEMBER), Some(expected), "{clock}");
        done(deposit("first"));
        done(deposit(clock));
        let from = 50 + 10 * number;
        assert!(send(&till, from..from + 10).into_iter().all(|taken| taken));
        assert!(send(&till, 0..from).into_iter().all(|taken| taken), "repeats");
        expected += 20 + 10 * DOLLARS;
        assert_eq!(till.points(MEMBER), Some(expected), "{clock}");
    }
    done(spend("once"));
    done(spend("once"));
    assert_eq!(till.points(MEMBER), Some(expected - 300));
    assert_eq!(till.rows(MEMBER).iter().sum::<i64>(), expected - 300);
    server.kill9();
    server.verify();
}
