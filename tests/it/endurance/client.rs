//! A client: members of its own, one request at a time, and a book of what they must have.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    deed::{Change, Deed, Sale},
    till::Till,
};

const MEMBERS_MAX: usize = 12;
const PAUSE: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(60);

/// A client and what was answered to it.
pub struct Client {
    number: usize,
    till: Till,
    /// What each member must have.
    members: BTreeMap<String, i64>,
    /// The version in force of each sale.
    sales: Vec<Sale>,
    next: u64,
    /// Sent, and not answered when the process went.
    open: Option<Deed>,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests that were not, the first time.
    pub left_open: u64,
}

impl Client {
    pub fn new(number: usize, till: Till) -> Self {
        let (members, sales) = (BTreeMap::new(), Vec::new());
        let mut client =
            Self { number, till, members, sales, next: 0, open: None, answered: 0, left_open: 0 };
        for _ in 0..3 {
            let join = Deed::Join { member: client.name("m") };
            client.insist(join);
        }
        client
    }

    /// Sends one thing after the other until it is over or the server does not answer.
    pub fn work(&mut self, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            let deed = self.any_deed();
            match self.attempt(&deed) {
                Some(()) => self.book(deed),
                None => {
                    self.left_open += 1;
                    self.open = Some(deed);
                    return;
                }
            }
        }
    }

    /// After a start: nothing that was answered is missing, what was not answered happened once or not at all. Then it
    /// is sent again until it is answered, and has happened once.
    pub fn settle(&mut self) {
        let open = self.open.take();
        let found = self.balances();
        let parts = open.as_ref().map(Deed::parts).unwrap_or_default();
        assert!(
            can_become(&self.members, &found, &parts),
            "found {found:?}, answered {:?}, without an answer {open:?}",
            self.members
        );
        if let Some(open) = open {
            self.insist(open);
        }
        assert_eq!(self.balances(), self.members);
    }

    fn balances(&self) -> BTreeMap<String, i64> {
        let found = |member: &String| self.till.points(member).unwrap_or_else(|| panic!("{member} is gone"));
        self.members.keys().map(|member| (member.clone(), found(member))).collect()
    }

    /// The rows of every member come to what it has.
    pub fn audit(&mut self) {
        for (member, expected) in &self.members {
            let rows = self.till.rows(member);
            assert_eq!(rows.iter().sum::<i64>(), *expected, "rows of {member}: {rows:?}");
        }
    }

    /// How many sales were answered.
    pub fn sales(&self) -> usize {
        self.sales.len()
    }

    fn insist(&mut self, deed: Deed) {
        let deadline = Instant::now() + PATIENCE;
        while self.attempt(&deed).is_none() {
            assert!(Instant::now() < deadline, "never answered: {deed:?}");
            thread::sleep(PAUSE);
        }
        self.book(deed);
    }

    /// Sends it once; nothing if there was no answer or the server had no room.
    fn attempt(&self, deed: &Deed) -> Option<()> {
        let Deed::Sales(sales) = deed else {
            let (status, text) = self.till.ask(&deed.request())?;
            return deed.is_done(status, &text);
        };
        let answers = self.till.stream(&Deed::lines(sales));
        let taken = answers.iter().filter(|answer| match answer["status"].as_str() {
            Some("OK") => true,
            Some("overloaded" | "temporarily_unavailable" | "service_draining") => false,
            _ => panic!("a streamed sale was answered {answer}"),
        });
        (taken.count() == sales.len()).then_some(())
    }

    fn book(&mut self, deed: Deed) {
        self.answered += 1;
        for (member, change) in deed.parts().into_iter().flatten() {
            *self.members.get_mut(member).unwrap() += change;
        }
        match deed {
            Deed::Join { member } => drop(self.members.insert(member, 0)),
            Deed::Sale(sale) => self.keep(sale),
            Deed::Sales(sales) => sales.into_iter().for_each(|sale| self.keep(sale)),
            Deed::Deposit { .. } | Deed::Spend { .. } | Deed::Transfer { .. } => {}
        }
    }

    fn keep(&mut self, sale: Sale) {
        match self.sales.iter_mut().find(|kept| kept.id == sale.id) {
            Some(kept) => *kept = sale,
            None => self.sales.push(sale),
        }
    }

    fn any_deed(&mut self) -> Deed {
        let member = self.any_member();
        match fastrand::u8(0..40) {
            0 if self.members.len() < MEMBERS_MAX => Deed::Join { member: self.name("m") },
            0..5 => {
                let sales = (0..fastrand::usize(2..60)).map(|_| {
                    let member = self.any_member();
                    self.new_sale(member)
                });
                Deed::Sales(sales.collect())
            }
            5..12 if !self.sales.is_empty() => {
                let sale = &self.sales[fastrand::usize(0..self.sales.len())];
                // Nothing is left of a voided sale.
                let amount = if fastrand::u8(0..4) == 0 { 0 } else { fastrand::i64(1..50) };
                if sale.amount == 0 {
                    return Deed::Sale(self.new_sale(member));
                }
                Deed::Sale(Sale { amount, before: sale.amount, version: sale.version + 1, ..sale.clone() })
            }
            12..17 => Deed::Deposit { member, amount: fastrand::i64(1..100), key: self.name("k") },
            17..22 if self.members[&member] > 0 => {
                let amount = fastrand::i64(1..=self.members[&member]);
                Deed::Spend { member, amount, key: self.name("k") }
            }
            22..26 if self.members[&member] > 0 => {
                let to = self.any_member();
                if to == member {
                    return Deed::Sale(self.new_sale(member));
                }
                let amount = fastrand::i64(1..=self.members[&member]);
                Deed::Transfer { from: member, to, amount, key: self.name("k") }
            }
            _ => Deed::Sale(self.new_sale(member)),
        }
    }

    fn new_sale(&mut self, member: String) -> Sale {
        Sale { id: self.name("t"), member, amount: fastrand::i64(1..50), before: 0, version: 1 }
    }

    fn any_member(&self) -> String {
        self.members.keys().nth(fastrand::usize(0..self.members.len())).unwrap().clone()
    }

    fn name(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("{kind}-{}-{}", self.number, self.next)
    }
}

/// Whether some of the parts, each whole or not at all, lead from one to the other.
fn can_become(from: &BTreeMap<String, i64>, to: &BTreeMap<String, i64>, parts: &[Vec<Change<'_>>]) -> bool {
    let moved: BTreeMap<&str, i64> = from
        .iter()
        .map(|(member, before)| (member.as_str(), to[member] - before))
        .filter(|(_, moved)| *moved != 0)
        .collect();
    match parts {
        [] => moved.is_empty(),
        [part] => {
            let whole = part.iter().filter(|(_, change)| *change != 0).copied().collect();
            moved.is_empty() || moved == whole
        }
        // Sales of a stream: each gives one member something.
        many => {
            let member_can = |member: &str, moved: i64| {
                let gifts = many.iter().flatten().filter(|(of, _)| *of == member).map(|(_, gift)| *gift);
                sums(gifts).contains(&moved)
            };
            moved.into_iter().all(|(member, moved)| member_can(member, moved))
        }
    }
}

/// All sums of some of these.
fn sums(of: impl Iterator<Item = i64>) -> BTreeSet<i64> {
    of.fold(BTreeSet::from([0]), |sums, one| sums.iter().flat_map(|sum| [*sum, sum + one]).collect())
}
