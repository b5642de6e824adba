//! A naive customer: a flat list of rows, searched and sorted anew for every question. Amounts are units of 1/10000
//! point; all calendars are whole days of UTC from 1 January 2026 on.

use std::cmp::Reverse;

use laurel_domain::{Timestamp, customer::AuditRow, id::LedgerRowId};

pub const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// 2026-01-01T00:00:00Z.
const FIRST_MS: i64 = 1_767_225_600_000;

#[derive(Debug, Clone)]
pub struct Policy {
    /// 0 never, 1 by age, 2 after inactivity.
    pub kind: u32,
    pub every_days: i64,
    pub age_days: i64,
    pub percent: i64,
    pub into: Option<u32>,
}

impl Policy {
    /// The first evaluation at or after a moment.
    fn evaluation(&self, from: i64) -> i64 {
        let every = self.every_days * DAY_MS;
        let steps = (from - FIRST_MS + every - 1).div_euclid(every).max(0);
        FIRST_MS + steps * every
    }

    fn expiry(&self, occurred: i64) -> Option<i64> {
        (self.kind == 1).then(|| self.evaluation(occurred + self.age_days * DAY_MS))
    }
}

/// `units * percent / 100`, halves up.
fn share(units: i64, percent: i64) -> i64 {
    (units * percent * 2 + 100) / 200
}

/// A lot, and what was taken with a row.
#[derive(Debug, Clone)]
struct Row {
    /// Which of all rows it is, in the order in which they are written.
    number: usize,
    account: u32,
    occurred: i64,
    expires: Option<i64>,
    /// Of a lot: what is left of it.
    left: i64,
    /// What has repaid an overdraft and was not given back.
    repaid: i64,
    /// What it took, out of the lots of these numbers.
    took: Vec<(usize, i64)>,
    /// Of an overdraft: how much.
    overdrawn: i64,
    /// Of a deposit or spend: how much of it is left to be undone.
    reversible: Option<i64>,
    /// Of a deposit: what it is after corrections, and the lots they added.
    amount: Option<i64>,
    added: Vec<usize>,
}

#[derive(Debug, Clone)]
pub struct Model {
    policies: Vec<(u32, Policy)>,
    strict: Vec<u32>,
    rows: Vec<Row>,
    names: Vec<LedgerRowId>,
    overdraft: Vec<(u32, i64)>,
    lifetime: Vec<(u32, i64)>,
    active: i64,
    settled: i64,
}

fn slot(list: &mut Vec<(u32, i64)>, account: u32) -> &mut i64 {
    let place = list.iter().position(|(known, _)| *known == account).unwrap_or_else(|| {
        list.push((account, 0));
        list.len() - 1
    });
    &mut list[place].1
}

fn value(list: &[(u32, i64)], account: u32) -> i64 {
    list.iter().find(|(known, _)| *known == account).map_or(0, |(_, value)| *value)
}

impl Model {
    pub fn new<const N: usize>(policies: [(u32, Policy); 2], strict: [u32; N], now: Timestamp) -> Self {
        Self {
            policies: policies.to_vec(),
            strict: strict.to_vec(),
            rows: Vec::new(),
            names: Vec::new(),
            overdraft: Vec::new(),
            lifetime: Vec::new(),
            active: now.millis(),
            settled: now.millis(),
        }
    }

    fn policy(&self, account: u32) -> Option<Policy> {
        self.policies.iter().find(|(known, _)| *known == account).map(|(_, policy)| policy.clone())
    }

    pub fn name_rows(&mut self, audit: &[AuditRow]) {
        assert_eq!(audit.len(), self.rows.len(), "as many rows as in the model");
        self.names = audit.iter().map(|row| row.id).collect();
    }

    fn number(&self, name: LedgerRowId) -> usize {
        self.names.iter().position(|known| *known == name).unwrap()
    }

    fn order(row: &Row) -> (bool, Option<i64>, i64) {
        (row.expires.is_none(), row.expires, row.occurred)
    }

    /// The numbers of the lots of these accounts, in the order of spending.
    fn pool(&self, accounts: &[u32]) -> Vec<usize> {
        let place = |account| accounts.iter().position(|known| *known == account);
        let mut lots: Vec<_> =
            self.rows.iter().filter(|row| row.left > 0 && place(row.account).is_some()).collect();
        lots.sort_by_key(|row| (Self::order(row), place(row.account), row.number));
        lots.into_iter().map(|row| row.number).collect()
    }

    pub fn available(&self, account: u32) -> i64 {
        let lots: i64 = self.rows.iter().filter(|row| row.account == account).map(|row| row.left).sum();
        lots - value(&self.overdraft, account)
    }

    pub fn lifetime(&self, account: u32) -> i64 {
        value(&self.lifetime, account)
    }

    pub fn lots(&self, account: u32) -> Vec<(LedgerRowId, Timestamp, Option<Timestamp>, i64)> {
        let time = Timestamp::from_millis;
        let lots = self.pool(&[account]).into_iter().map(|number| &self.rows[number]);
        lots.map(|row| (self.names[row.number], time(row.occurred), row.expires.map(time), row.left))
            .collect()
    }

    pub fn coming(&self, account: u32) -> Vec<(Timestamp, i64)> {
        let mut coming: Vec<(Timestamp, i64)> = Vec::new();
        for number in self.pool(&[account]) {
            let row = &self.rows[number];
            let Some(expires) = row.expires.map(Timestamp::from_millis) else { continue };
            let lost = share(row.left, self.dated_percent(account));
            match coming.iter_mut().find(|(at, _)| *at == expires) {
                _ if lost == 0 => {}
                Some((_, sum)) => *sum += lost,
                None => coming.push((expires, lost)),
            }
        }
        coming
    }

    fn dated_percent(&self, account: u32) -> i64 {
        self.policy(account).filter(|policy| policy.kind == 1).map_or(100, |policy| policy.percent)
    }

    fn write(&mut self, account: u32, occurred: i64) -> &mut Row {
        let number = self.rows.len();
        self.rows.push(Row {
            number,
            account,
            occurred,
            expires: None,
            left: 0,
            repaid: 0,
            took: Vec::new(),
            overdrawn: 0,
            reversible: None,
            amount: None,
            added: Vec::new(),
        });
        &mut self.rows[number]
    }

    fn receive(
        &mut self,
        account: u32,
        units: i64,
        occurred: i64,
        expires: Option<i64>,
        counts: bool,
    ) -> usize {
        let overdraft = slot(&mut self.overdraft, account);
        let repaid = units.min(*overdraft);
        *overdraft -= repaid;
        if counts {
            *slot(&mut self.lifetime, account) += units;
        }
        let row = self.write(account, occurred);
        (row.expires, row.left, row.repaid) = (expires, units - repaid, repaid);
        row.number
    }

    /// The next moment at which something runs out.
    fn due(&self) -> Option<i64> {
        let dated = self.rows.iter().filter(|row| row.left > 0);
        let dated = dated.filter(|row| share(row.left, self.dated_percent(row.account)) > 0);
        let by_age = dated.filter_map(|row| row.expires);
        let by_inactivity = self.policies.iter().filter_map(|(account, _)| self.inactive_at(*account));
        by_age.chain(by_inactivity).min()
    }

    fn inactive_at(&self, account: u32) -> Option<i64> {
        let policy = self.policy(account).filter(|policy| policy.kind == 2)?;
        let mut lots = self.rows.iter().filter(|row| row.account == account);
        lots.any(|row| share(row.left, policy.percent) > 0)
            .then(|| policy.evaluation((self.active + policy.age_days * DAY_MS).max(self.settled + 1)))
    }

    pub fn settle(&mut self, now: Timestamp) {
        while let Some(moment) = self.due().filter(|due| *due <= now.millis()) {
            // First what everybody loses, then where it goes. The accounts in the order of their first rows.
            let mut accounts: Vec<u32> = Vec::new();
            for row in &self.rows {
                if !accounts.contains(&row.account) {
                    accounts.push(row.account);
                }
            }
            let lost: Vec<_> =
                accounts.into_iter().map(|account| (account, self.losing(account, moment))).collect();
            for (account, lots) in lost.into_iter().filter(|(_, lots)| !lots.is_empty()) {
                let mut sum = 0;
                for (number, units, next) in lots {
                    let row = &mut self.rows[number];
                    row.left -= units;
                    if row.left > 0 {
                        row.expires = next;
                    }
                    sum += units;
                }
                self.write(account, moment);
                if let Some(into) = self.policy(account).and_then(|policy| policy.target()) {
                    let expires = self.policy(into).and_then(|policy| policy.expiry(moment));
                    self.receive(into, sum, moment, expires, true);
                }
            }
            self.settled = self.settled.max(moment);
        }
        self.settled = self.settled.max(now.millis());
    }

    fn losing(&self, account: u32, moment: i64) -> Vec<(usize, i64, Option<i64>)> {
        let policy = self.policy(account);
        let inactive = self.inactive_at(account) == Some(moment);
        let mut losing = Vec::new();
        for number in self.pool(&[account]) {
            let row = &self.rows[number];
            let ripe = row.expires.is_some_and(|expires| expires <= moment);
            let percent = match &policy {
                _ if ripe => self.dated_percent(account),
                Some(policy) if inactive => policy.percent,
                _ => continue,
            };
            let units = share(row.left, percent);
            let again =
                policy.as_ref().filter(|policy| policy.kind == 1).map(|policy| policy.evaluation(moment + 1));
            let next =
                if ripe { again.filter(|_| share(row.left - units, percent) > 0) } else { row.expires };
            if units > 0 {
                losing.push((number, units, next));
            }
        }
        losing
    }

    pub fn deposit(&mut self, account: u32, units: i64, occurred: Timestamp, now: Timestamp, quiet: bool) {
        self.settle(now);
        let occurred = occurred.millis();
        let expires = self.policy(account).and_then(|policy| policy.expiry(occurred));
        let number = self.receive(account, units, occurred, expires, true);
        (self.rows[number].reversible, self.rows[number].amount) = (Some(units), Some(units));
        if !quiet {
            self.active = self.active.max(occurred);
        }
    }

    /// Takes from the lots in this order; one row for each account. Gives the rows and what was missing.
    fn take(&mut self, accounts: &[u32], lots: &[usize], units: i64, now: Timestamp) -> (Vec<usize>, i64) {
        let mut missing = units;
        let mut took: Vec<(usize, i64)> = Vec::new();
        for &number in lots {
            let part = self.rows[number].left.min(missing);
            if part > 0 {
                self.rows[number].left -= part;
                missing -= part;
                took.push((number, part));
            }
        }
        let mut written = Vec::new();
        for &account in accounts {
            let own: Vec<_> =
                took.iter().copied().filter(|(number, _)| self.rows[*number].account == account).collect();
            if !own.is_empty() {
                let row = self.write(account, now.millis());
                row.took = own;
                written.push(row.number);
            }
        }
        (written, missing)
    }

    fn overdraw(&mut self, account: u32, units: i64, now: Timestamp) -> usize {
        *slot(&mut self.overdraft, account) += units;
        let row = self.write(account, now.millis());
        row.overdrawn = units;
        row.number
    }

    pub fn spend(
        &mut self,
        accounts: &[u32],
        units: i64,
        force: bool,
        is_return: bool,
        now: Timestamp,
    ) -> bool {
        let mut tried = self.clone();
        tried.settle(now);
        let lots = tried.pool(accounts);
        let (mut written, missing) = tried.take(accounts, &lots, units, now);
        let strict = tried.strict.contains(&accounts[0]);
        if missing > 0 && !is_return && (!force || strict) {
            return false;
        }
        if missing > 0 && !strict {
            written.push(tried.overdraw(accounts[0], missing, now));
        }
        for number in written {
            let row = &mut tried.rows[number];
            row.reversible = Some(row.took.iter().map(|(_, part)| part).sum::<i64>() + row.overdrawn);
            if !is_return {
                tried.active = tried.active.max(now.millis());
            }
        }
        *self = tried;
        true
    }

    pub fn expire(&mut self, account: u32, percent: Option<i64>, units: i64, now: Timestamp) {
        self.settle(now);
        let (mut missing, mut lost) = (units, 0);
        for number in self.pool(&[account]) {
            let row = &mut self.rows[number];
            let part = percent.map_or(row.left.min(missing), |percent| share(row.left, percent));
            row.left -= part;
            missing -= part;
            lost += part;
        }
        if lost > 0 {
            self.write(account, now.millis());
        }
    }

    pub fn transfer(&mut self, from: &[u32], to: u32, units: i64, preserve: bool, now: Timestamp) -> bool {
        let mut tried = self.clone();
        tried.settle(now);
        let lots = tried.pool(from);
        let (written, missing) = tried.take(from, &lots, units, now);
        if from.contains(&to) || missing > 0 {
            return false;
        }
        for number in written {
            for (lot, part) in tried.rows[number].took.clone() {
                let row = &tried.rows[lot];
                let kept = (row.occurred, row.expires);
                let fresh = (now.millis(), tried.policy(to).and_then(|policy| policy.expiry(now.millis())));
                let (occurred, expires) = if preserve { kept } else { fresh };
                tried.receive(to, part, occurred, expires, false);
            }
        }
        *self = tried;
        true
    }

    pub fn reverse(&mut self, name: LedgerRowId, units: Option<i64>, now: Timestamp) -> bool {
        let number = self.number(name);
        let Some(left) = self.rows[number].reversible else { return false };
        if left > 0 && units.is_some_and(|units| units > left) {
            return false;
        }
        self.settle(now);
        let units = units.unwrap_or(left).min(left);
        let row = self.rows[number].clone();
        self.rows[number].reversible = Some(left - units);
        if units == 0 {
            return true;
        }
        if row.amount.is_some() {
            self.take_back(&row, units, now);
        } else if row.overdrawn > 0 {
            let outstanding = value(&self.overdraft, row.account).min(units);
            *slot(&mut self.overdraft, row.account) -= outstanding;
            let mut missing = units - outstanding;
            for lot in (0..self.rows.len())
                .rev()
                .filter(|lot| self.rows[*lot].account == row.account)
                .collect::<Vec<_>>()
            {
                let part = self.rows[lot].repaid.min(missing);
                self.rows[lot].repaid -= part;
                missing -= part;
                self.give_back(lot, part, now);
            }
            self.write(row.account, now.millis());
        } else {
            let mut skip = row.took.iter().map(|(_, part)| part).sum::<i64>() - left;
            let mut missing = units;
            for (lot, took) in row.took.iter().rev() {
                let skipped = skip.min(*took);
                skip -= skipped;
                let part = (took - skipped).min(missing);
                missing -= part;
                self.give_back(*lot, part, now);
            }
            self.write(row.account, now.millis());
        }
        true
    }

    fn give_back(&mut self, lot: usize, units: i64, now: Timestamp) {
        let policy = self.policy(self.rows[lot].account);
        let row = &mut self.rows[lot];
        if units == 0 {
            return;
        }
        let passed = row.expires.is_some_and(|expires| expires <= now.millis());
        if let Some(policy) = policy.filter(|policy| passed && policy.kind == 1) {
            row.expires = Some(policy.evaluation(now.millis() + 1));
        }
        row.left += units;
    }

    /// The deposit's own lot first, then the others of the accounts its points roll over into.
    fn take_back(&mut self, row: &Row, units: i64, now: Timestamp) {
        let (mut chain, mut by_now, mut since) = (vec![row.account], row.account, row.occurred);
        while let Some(into) =
            chain.last().and_then(|last| self.policy(*last)).and_then(|policy| policy.target())
        {
            chain.push(into);
        }
        while let Some(policy) = self.policy(by_now)
            && let Some(into) = policy.target()
            && let Some(expires) = policy.expiry(since).filter(|expires| *expires <= now.millis())
        {
            (by_now, since) = (into, expires);
        }
        let mut lots = self.pool(&chain);
        lots.sort_by_key(|lot| Reverse(*lot == row.number));
        let (_, missing) = self.take(&chain, &lots, units, now);
        if missing > 0 && !self.strict.contains(&by_now) {
            self.overdraw(by_now, missing, now);
        }
    }

    pub fn modify(&mut self, name: LedgerRowId, units: i64, now: Timestamp) -> bool {
        let number = self.number(name);
        let Some(amount) = self.rows[number].amount else { return false };
        let mut tried = self.clone();
        tried.settle(now);
        let group: Vec<_> = std::iter::once(number).chain(self.rows[number].added.clone()).collect();
        let left: i64 = group.iter().map(|lot| tried.rows[*lot].left).sum();
        if units < amount - left {
            return false;
        }
        let (account, occurred) = (tried.rows[number].account, tried.rows[number].occurred);
        if units > amount {
            let policy = tried.policy(account).filter(|policy| policy.kind == 1);
            let expires = match (tried.rows[number].expires, policy) {
                (Some(expires), Some(policy)) if expires <= now.millis() => {
                    Some(policy.evaluation(now.millis() + 1))
                }
                (expires, _) => expires,
            };
            let added = tried.receive(account, units - amount, occurred, expires, true);
            tried.rows[number].added.push(added);
        } else if units < amount {
            let mut lots = tried.pool(&[account]);
            lots.retain(|lot| group.contains(lot));
            lots.reverse();
            tried.take(&[account], &lots, amount - units, now);
        }
        tried.rows[number].amount = Some(units);
        *self = tried;
        true
    }
}

impl Policy {
    /// Where it rolls over, of a policy that ever takes anything.
    fn target(&self) -> Option<u32> {
        self.into.filter(|_| self.kind != 0)
    }
}
