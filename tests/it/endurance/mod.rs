//! What the real program is put through: killed, stopped and started again while several clients send, for as many
//! rounds as `KILL_ROUNDS` says; and the disk, the folder and the clock turned against it.

mod client;
mod deed;
mod scarcity;
mod till;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use client::Client;
use till::Till;

use crate::server::Server;

/// Rounds in a test run; `KILL_ROUNDS` gives another number.
const ROUNDS: usize = 6;
const CLIENTS: usize = 6;
/// Everything that was ever answered is looked at again after so many rounds, and at the end.
const ROUNDS_BETWEEN_AUDITS: usize = 50;
/// Small enough that checkpoints run, and are killed, all the time.
const FLAGS: [&str; 4] = ["--test-clock", "2017-02-01T00:00:00Z", "--checkpoint-records", "3000"];

/// What happens to the process in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    /// SIGKILL.
    Killed,
    /// SIGKILL, and again while it recovers.
    KilledTwice,
    /// It stands still for a while and goes on.
    Stopped,
    /// It stands still for a while and is then killed.
    StoppedAndKilled,
    /// An orderly end in the middle of everything.
    Ended,
}

impl Trouble {
    fn any() -> Self {
        match fastrand::u8(0..20) {
            0 => Self::Stopped,
            1 => Self::StoppedAndKilled,
            2 => Self::Ended,
            3..6 => Self::KilledTwice,
            _ => Self::Killed,
        }
    }

    fn strike(self, server: &mut Server) {
        match self {
            Self::Killed => server.kill9(),
            Self::KilledTwice => {
                server.kill9();
                server.spawn();
                thread::sleep(Duration::from_millis(fastrand::u64(0..60)));
                server.kill9();
            }
            Self::Stopped | Self::StoppedAndKilled => {
                server.signal("STOP");
                thread::sleep(Duration::from_millis(fastrand::u64(200..3000)));
                if self == Self::StoppedAndKilled {
                    return server.kill9();
                }
                server.signal("CONT");
            }
            Self::Ended => assert!(server.stop().success(), "SIGTERM is an orderly end"),
        }
    }
}

#[test]
fn nothing_answered_is_lost_or_doubled_however_often_the_process_is_killed() {
    let rounds = std::env::var("KILL_ROUNDS").map_or(ROUNDS, |text| text.parse().unwrap());
    let mut server = Server::start(&FLAGS);
    open_shop(&server);
    let mut clients: Vec<Client> =
        (0..CLIENTS).map(|number| Client::new(number, Till::new(&server))).collect();
    let begun = Instant::now();
    let mut seen = BTreeMap::<Trouble, usize>::new();
    for round in 1..=rounds {
        let trouble = Trouble::any();
        *seen.entry(trouble).or_default() += 1;
        under_load(&mut server, &mut clients, trouble);
        if trouble != Trouble::Stopped {
            server.launch();
        }
        each(&mut clients, Client::settle);
        if round % ROUNDS_BETWEEN_AUDITS == 0 || round == rounds {
            each(&mut clients, Client::audit);
            audit_store(&server, &clients);
            server.kill9();
            server.verify();
            server.launch();
            eprintln!("{round} rounds, {:.0?}", begun.elapsed());
        }
    }
    let answered: u64 = clients.iter().map(|client| client.answered).sum();
    let open: u64 = clients.iter().map(|client| client.left_open).sum();
    assert!(answered > 0, "nothing was sent");
    eprintln!("{seen:?}: {answered} requests answered, {open} without an answer when the process went");
}

/// The grocery program without what makes an award depend on the level.
fn open_shop(server: &Server) {
    server.apply_grocery_with(|program| {
        let trees = program["rule_trees"].as_array_mut().unwrap();
        trees.retain(|tree| !tree["name"].as_str().unwrap().contains(" earns "));
    });
}

/// Lets all clients send until the trouble has come.
fn under_load(server: &mut Server, clients: &mut [Client], trouble: Trouble) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let work: Vec<_> = clients.iter_mut().map(|client| scope.spawn(|| client.work(&over))).collect();
        thread::sleep(Duration::from_millis(fastrand::u64(10..300)));
        let till = Till::new(server);
        // In the middle of a checkpoint that somebody waits for, too.
        let checkpoint = fastrand::u8(0..4) == 0;
        scope.spawn(move || checkpoint.then(|| till.checkpoint()));
        thread::sleep(Duration::from_millis(fastrand::u64(0..15)));
        trouble.strike(server);
        over.store(true, Ordering::Relaxed);
        work.into_iter().for_each(|work| work.join().unwrap());
    });
}

/// Does the same for all clients at once.
fn each(clients: &mut [Client], act: impl Fn(&mut Client) + Sync) {
    thread::scope(|scope| {
        let act = &act;
        let all: Vec<_> = clients.iter_mut().map(|client| scope.spawn(move || act(client))).collect();
        all.into_iter().for_each(|one| one.join().unwrap());
    });
}

/// The store has each sale that was answered, and none that was not sent.
fn audit_store(server: &Server, clients: &[Client]) {
    let sent: usize = clients.iter().map(Client::sales).sum();
    assert_eq!(Till::new(server).sales_in_store(), sent, "sales of the store");
}
