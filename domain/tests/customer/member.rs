//! A member of the shop: commands in, what came of them out, with the ledger's invariants checked after every event.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};

use laurel_domain::{
    Points, Timestamp,
    allotment::{self, Allotment, Asking, Grant, Granted},
    customer::{
        AnsweredEvent, AuditRow, Command, CreditSale, Customer, DepositDetail, Effect, Error,
        EvaluationRecord, Event, Fetched, Fingerprint, History, Need, Past, Placement, PostedDetail, Posting,
        Profile, Purpose, Remembered, Reply, SpendDetail, TierCommand, TierHistory, TierMoveCause,
        TierMovement, TiersDecided,
    },
    entity::{Context, Decision, Entity, Verdict},
    id::{AllotmentId, CustomerId, IdRun, SaleId, TierLevelId},
    program::Program,
    rules::Share,
    sale::{Content, SoldItem},
};
use uuid::Uuid;

use crate::shop::*;

/// The details of a posting and the rows it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub details: Vec<PostedDetail>,
    pub rows: Vec<AuditRow>,
}

pub struct Member {
    pub customer: Customer,
    pub program: Arc<Program>,
    /// The programs of before, for returns.
    pub former: Vec<Arc<Program>>,
    pub now: Timestamp,
    pub events: Vec<Event>,
    /// What the history would answer.
    pub records: Vec<EvaluationRecord>,
    pub keys: Vec<(Fingerprint, Remembered)>,
    /// What had to be fetched.
    pub needs: Vec<Need>,
    /// What others were asked to do and have not been told yet.
    pub effects: Vec<Effect>,
    /// What all members share who are given the same.
    pub shared: Shared,
    /// Effects for allotments are lost on the way from now on.
    pub deaf: bool,
    history: History,
    past: Past,
    decisions: u128,
}

impl Member {
    /// Of no shop yet: nothing has been created.
    pub fn nobody(shop: &Shop) -> Self {
        Self {
            customer: Customer::default(),
            program: Arc::new(shop.program()),
            former: Vec::new(),
            now: time("2026-03-01T12:00:00Z"),
            events: Vec::new(),
            records: Vec::new(),
            keys: Vec::new(),
            needs: Vec::new(),
            effects: Vec::new(),
            shared: Shared::default(),
            deaf: false,
            history: History::default(),
            past: Past::default(),
            decisions: 0,
        }
    }

    /// A member of the program.
    pub fn of(shop: &Shop) -> Self {
        Self::named(shop, 1000)
    }

    /// A member of that number.
    pub fn named(shop: &Shop, number: u32) -> Self {
        let mut member = Self::nobody(shop);
        // Rows of different members have different ids.
        member.decisions = u128::from(number) << 16;
        let profile = Profile { opted_in: true, ..Profile::default() };
        let claimed_until = member.now;
        member.when(Command::Create { id: id(number), profile: Box::new(profile), claimed_until }).unwrap();
        member
    }

    /// Asks once, without fetching anything.
    pub fn ask(&self, command: &Command, fetched: &Fetched) -> Result<Verdict<Customer>, Error> {
        let first = 0x0190_0000_0000_7000_8000_0000_0000_0000 + (self.decisions << 20);
        let ids = IdRun::starting_at(Uuid::from_u128(first));
        self.customer.decide(command, &Context { now: self.now, ids, program: &self.program, fetched })
    }

    /// Decides as the shell does, fetching what is needed, and applies.
    pub fn when(&mut self, command: Command) -> Result<Reply, Error> {
        self.decisions += 1;
        let mut fetched = Fetched::default();
        loop {
            match self.ask(&command, &fetched)? {
                Verdict::Decided(decision) => {
                    let Decision { events, effects, .. } = &decision;
                    crate::explaining::explained(self, &self.past, &command, events, effects);
                    for event in &decision.events {
                        self.apply(event);
                    }
                    for effect in decision.effects {
                        if !self.told(&effect) {
                            self.effects.push(effect);
                        }
                    }
                    return Ok(decision.reply);
                }
                Verdict::Need(need) => {
                    assert!(
                        fetched.programs.len() < 4 && fetched.evaluations.len() < 4,
                        "asked again and again"
                    );
                    self.fetch(&need, &mut fetched);
                    self.needs.push(need);
                }
            }
        }
    }

    fn fetch(&self, need: &Need, fetched: &mut Fetched) {
        match need {
            Need::Evaluation(sale) => {
                let record = self.records.iter().find(|record| record.sale == *sale).cloned();
                fetched.evaluations.push((*sale, record));
            }
            Need::Remembered(key) => {
                let known = self.keys.iter().rev().find(|(known, _)| known == key);
                fetched.remembered.push((*key, known.map(|(_, remembered)| remembered.clone())));
            }
            Need::AnsweredEvent(key) => {
                let known = self.events.iter().rev().find_map(|event| match event {
                    Event::EventTriggered(triggered) => {
                        let (known, body) = triggered.key?;
                        let answer = triggered.answer.clone();
                        (known == *key).then_some(AnsweredEvent { body, answer, at: triggered.at })
                    }
                    _ => None,
                });
                fetched.answered.push((*key, known));
            }
            Need::Program(version) => {
                let program = self.former.iter().find(|program| program.version() == *version).unwrap();
                fetched.programs.push(Arc::clone(program));
            }
            Need::Allotment(asking) => {
                let mut shared = self.shared.borrow_mut();
                let allotment = shared.entry(asking.allotment).or_default();
                let Grant { amounts, short } = reserved(allotment, asking, self.now);
                fetched.grants.push(Granted { allotment: asking.allotment, amounts, short });
            }
            Need::History => fetched.history = Some(Box::new(self.history.clone())),
        }
    }

    /// Tells an allotment what it is told by an effect.
    fn told(&mut self, effect: &Effect) -> bool {
        let (allotment, command) = match effect {
            Effect::SettleAllotment { allotment, key, used } => {
                (allotment, allotment::Command::Settle { key: *key, used: *used })
            }
            Effect::GiveBackToAllotment { allotment, key, back, day } => {
                (allotment, allotment::Command::GiveBack { key: *key, back: *back, part: Some(*day) })
            }
            _ => return false,
        };
        if self.deaf {
            return false;
        }
        // Delivered at least once.
        for _ in 0..2 {
            ask_allotment(self.shared.borrow_mut().entry(*allotment).or_default(), &command, self.now);
        }
        true
    }

    pub fn apply(&mut self, event: &Event) {
        self.customer.apply(event);
        self.history.apply(event);
        self.past.apply(event);
        match event {
            Event::MergedAway(_) | Event::MergedIn(_) => {
                for record in std::mem::take(&mut self.records) {
                    let sale = record.sale;
                    self.records.extend(EvaluationRecord::after_event(Some(record), sale, event));
                }
            }
            Event::SaleCredited(credited) => {
                let place = self.records.iter().position(|record| record.sale == credited.sale);
                let earlier = place.map(|place| self.records.remove(place));
                self.records.push(EvaluationRecord::after(earlier, credited));
            }
            Event::PointsPosted(posted) => {
                for ((key, body), detail) in posted.keys.iter().zip(&posted.details) {
                    let remembered = Remembered { body: *body, detail: detail.clone(), at: posted.at };
                    self.keys.push((*key, remembered));
                }
            }
            _ => {}
        }
        self.events.push(event.clone());
        for account in self.customer.ledger().accounts() {
            let lots = account.lots().iter().map(|lot| lot.remaining).chain(account.left_out());
            let lots = Points::sum(lots).unwrap();
            assert_eq!(account.available, lots.minus(account.overdraft).unwrap());
            let rows = self.history.log().rows().iter().filter(|row| row.account == account.account);
            assert_eq!(
                Points::sum(rows.map(|row| row.change)),
                Ok(account.available),
                "rows sum to the balance"
            );
        }
    }

    pub fn audit(&self) -> &[AuditRow] {
        self.history.log().rows()
    }

    pub fn available(&self, account: u32) -> Points {
        self.customer.available(id(account), &self.program, self.now)
    }

    pub fn lifetime(&self, account: u32) -> Points {
        self.customer.lifetime(id(account), &self.program, self.now)
    }

    pub fn level(&self) -> u32 {
        let held = self.customer.tiers();
        assert_eq!(held.len(), 1);
        [SILVER, GOLD, PLATINUM].into_iter().find(|level| held[0].level == id(*level)).unwrap()
    }

    /// Does what is due.
    pub fn settled(&mut self) -> &mut Self {
        assert_eq!(self.when(Command::Settle), Ok(Reply::Settled));
        self
    }

    /// Changes levels on request.
    pub fn tiers(&mut self, command: TierCommand) -> Result<TiersDecided, Error> {
        match self.when(Command::Tiers(Box::new(command)))? {
            Reply::Tiers(decided) => Ok(*decided),
            other => panic!("{other:?}"),
        }
    }

    /// The history of movements: from, to, why, when.
    pub fn history(&self) -> Vec<(Option<u32>, Option<u32>, TierMoveCause, String)> {
        let mut history = TierHistory::default();
        self.events.iter().for_each(|event| history.apply(event));
        let number = |level: TierLevelId| {
            [SILVER, GOLD, PLATINUM].into_iter().find(|known| id::<TierLevelId>(*known) == level).unwrap()
        };
        let movement = |step: &TierMovement| {
            let at = step.at.write(laurel_domain::time::TimeForm::Iso);
            (step.from.map(number), step.to.map(number), step.cause, at)
        };
        history.movements().iter().map(movement).collect()
    }

    /// Put into a level by hand, quietly.
    pub fn placed(&mut self, level: u32) {
        let placement = Placement { process_joining_outcomes: false, ..crate::movements::placement(level) };
        self.tiers(TierCommand::Place(placement)).unwrap();
        assert_eq!(self.level(), level);
    }

    /// A spend of tier points.
    pub fn spent(&mut self, amount: &str) {
        if amount != "0" {
            self.post(Purpose::Spend(vec![spend(&[TIER], amount)]), false).unwrap();
        }
    }

    /// A later time of the same program.
    pub fn at(&mut self, text: &str) -> &mut Self {
        self.now = time(text);
        self
    }

    /// Another program is published.
    pub fn publish(&mut self, shop: &Shop) {
        self.former.push(Arc::clone(&self.program));
        self.program = Arc::new(shop.program());
    }

    pub fn credit(&mut self, credit: CreditSale) {
        assert_eq!(self.when(Command::CreditSale(Box::new(credit))), Ok(Reply::Credited));
    }

    /// A revision of a sale of one line.
    pub fn buy(&mut self, sale: u32, revision: u32, amount: &str) {
        let credit = self.sale(sale, revision, amount);
        self.credit(credit);
    }

    /// A revision of a sale of one line, sold now.
    pub fn sale(&self, sale: u32, revision: u32, amount: &str) -> CreditSale {
        CreditSale {
            customer: id(1000),
            sale: id::<SaleId>(sale),
            revision,
            content: Arc::new(content(amount, self.now)),
            business_time: self.now,
            credited_before: revision > 1,
            share: Some(Share::whole()),
        }
    }

    pub fn post(&mut self, purpose: Purpose, allow_partial_success: bool) -> Result<Posted, Error> {
        let posting = Posting { purpose, allow_partial_success, disable_event_publishing: false };
        match self.when(Command::Post(Box::new(posting)))? {
            Reply::Posted { details, rows, .. } => Ok(Posted { details, rows }),
            other => panic!("{other:?}"),
        }
    }

    /// A deposit that must succeed.
    pub fn given(&mut self, account: u32, amount: &str) -> &mut Self {
        self.post(Purpose::Deposit(vec![deposit(account, amount)]), false).unwrap();
        self
    }
}

/// Lets an allotment decide and applies it.
pub fn ask_allotment(
    allotment: &mut Allotment,
    command: &allotment::Command,
    now: Timestamp,
) -> (allotment::Reply, Vec<allotment::Effect>) {
    let (ids, fetched) = (IdRun::starting_at(Uuid::nil()), Fetched::default());
    let program = Program::empty(id(99), "");
    let context = Context { now, ids, program: &program, fetched: &fetched };
    let Ok(Verdict::Decided(decision)) = allotment.decide(command, &context) else {
        panic!("it refuses nothing")
    };
    decision.events.iter().for_each(|event| allotment.apply(event));
    (decision.reply, decision.effects)
}

fn reserved(allotment: &mut Allotment, asking: &Asking, now: Timestamp) -> Grant {
    match ask_allotment(allotment, &allotment::Command::Reserve(Box::new(asking.clone())), now).0 {
        allotment::Reply::Granted(grant) => grant,
        allotment::Reply::Done => panic!("a reservation is answered with a grant"),
    }
}

/// What members share.
pub type Shared = Rc<RefCell<BTreeMap<AllotmentId, Allotment>>>;

pub fn content(amount: &str, at: Timestamp) -> Content {
    Content {
        transaction_id: "T-1".into(),
        store: id(30),
        from_transaction_id: None,
        pos_employee_id: None,
        sm_employee_id: None,
        table_id: None,
        guest_count: None,
        is_closed: true,
        is_voided: false,
        subtotal: money(amount),
        tax_total: money("0"),
        open_time: at,
        modified_time: at,
        guest_receipt_code: None,
        channel: "POS".into(),
        status: None,
        custom_data: None,
        business_def_collection: None,
        items: vec![line("1", amount)],
        payments: Vec::new(),
        discounts: Vec::new(),
        envelope_user_id: None,
    }
}

pub fn line(line_id: &str, amount: &str) -> SoldItem {
    SoldItem {
        line_id: line_id.into(),
        item_id: "apple".into(),
        quantity: "1".parse().unwrap(),
        unit_price: money(amount),
        subtotal: money(amount),
        tax_included: money("0"),
        modifies_line_id: None,
        status: None,
        custom_data: None,
    }
}

pub fn deposit(account: u32, amount: &str) -> DepositDetail {
    DepositDetail {
        amount: points(amount),
        account: id(account),
        source: id(SOURCE),
        reference_id: "ord-77".into(),
        reference_type: "MakeGood".into(),
        idempotency_id: None,
        transaction_id: "".into(),
        occurred: None,
    }
}

pub fn spend(accounts: &[u32], amount: &str) -> SpendDetail {
    SpendDetail {
        amount: points(amount),
        accounts: accounts.iter().map(|n| id(*n)).collect(),
        source: None,
        force: false,
        is_return: false,
        reference_id: "r-1".into(),
        reference_type: "AppSpend".into(),
        idempotency_id: None,
        transaction_id: "".into(),
        occurred: None,
        row: None,
        overdraft_row: None,
        overdraft_occurred: None,
    }
}

/// The customer of these tests.
pub fn who() -> CustomerId {
    id(1000)
}
