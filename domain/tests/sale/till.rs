//! A till that sends versions of one sale.

use std::{str::FromStr, sync::Arc};

use laurel_domain::{
    Money, Timestamp,
    customer::Fetched,
    entity::{Context, Entity, Verdict},
    id::{IdRun, IdentifierId, RetailerId},
    program::Program,
    sale::{
        Command, Content, Credit, Effect, Endpoint, Event, Outcome, Payer, Receipt, Reply, Sale,
        SaleDiscount, SalePayment, SalesWarning, SoldItem,
    },
    time::Zone,
};
use uuid::Uuid;

/// A GUID-based id of any kind.
pub fn id<T: FromStr<Err: std::fmt::Debug>>(n: u32) -> T {
    format!("00000000-0000-4000-8000-{n:012}").parse().unwrap()
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text, &Zone::UTC).unwrap()
}

/// What came of a version.
pub struct Recorded {
    pub receipt: Receipt,
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
}

pub struct Till {
    pub sale: Sale,
    pub now: Timestamp,
    requests: u32,
}

impl Till {
    pub fn new() -> Self {
        Self { sale: Sale::default(), now: time("2026-03-02T12:30:00Z"), requests: 0 }
    }

    /// Sends a version paid by these members: the place of the payment, if any, and the member.
    pub fn send(&mut self, content: Content, payers: &[(Option<u16>, u32)]) -> Recorded {
        self.send_with(content, payers, false)
    }

    /// The same request once more.
    pub fn send_again(&mut self, content: Content, payers: &[(Option<u16>, u32)]) -> Recorded {
        self.requests -= 1;
        self.send(content, payers)
    }

    pub fn send_with(
        &mut self,
        content: Content,
        payers: &[(Option<u16>, u32)],
        unknown_user: bool,
    ) -> Recorded {
        self.requests += 1;
        let program = Program::empty(RetailerId(Uuid::from_u128(99)), "Shop");
        let fetched = Fetched::default();
        let ids = IdRun::starting_at(Uuid::nil());
        let context = Context { now: self.now, ids, program: &program, fetched: &fetched };
        let payers = payers.iter().map(|&(payment, customer)| Payer { payment, customer: id(customer) });
        let command = Command::Record {
            id: id(500),
            request_id: format!("r-{}", self.requests).into(),
            request_body: 0,
            content: Arc::new(content),
            payers: payers.collect(),
            unknown_user,
            endpoint: Endpoint::SendTransaction,
        };
        let Verdict::Decided(decision) = self.sale.decide(&command, &context).unwrap() else {
            panic!("a sale needs nothing");
        };
        for event in &decision.events {
            self.sale.apply(event);
        }
        let Reply::Recorded(receipt) = decision.reply else { panic!("a version gets a receipt") };
        Recorded { receipt, events: decision.events, effects: decision.effects }
    }

    /// Somebody has become a member.
    pub fn registered(&mut self, identifier: IdentifierId, customer: u32) -> Vec<Effect> {
        let program = Program::empty(RetailerId(Uuid::from_u128(99)), "Shop");
        let fetched = Fetched::default();
        let ids = IdRun::starting_at(Uuid::nil());
        let context = Context { now: self.now, ids, program: &program, fetched: &fetched };
        let command = Command::Registered { identifier, customer: id(customer) };
        let Verdict::Decided(decision) = self.sale.decide(&command, &context).unwrap() else {
            panic!("a sale needs nothing");
        };
        assert_eq!(decision.reply, Reply::Noted);
        decision.events.iter().for_each(|event| self.sale.apply(event));
        decision.effects
    }

    pub fn number(&self) -> u32 {
        self.sale.current().unwrap().number
    }
}

impl Recorded {
    pub fn outcome(&self) -> (Outcome, u32) {
        (self.receipt.outcome, self.receipt.revision)
    }

    pub fn warnings(&self) -> &[SalesWarning] {
        &self.receipt.warnings
    }

    /// Per credit: the customer, whether credited before, and the part of 100.00 (none: no payer any more).
    pub fn parts(&self) -> Vec<(u32, bool, Option<Money>)> {
        parts(&self.effects)
    }

    /// Whom the sale waits for.
    pub fn awaited(&self) -> Vec<IdentifierId> {
        awaited(&self.effects)
    }
}

/// Per credit: the customer, whether credited before, and the part of 100.00 (none: no payer any more).
pub fn parts(effects: &[Effect]) -> Vec<(u32, bool, Option<Money>)> {
    let number = |credit: &Credit| (1..100).find(|n| credit.customer == id(*n)).unwrap();
    let part = |credit: &Credit| credit.share.as_ref().map(|share| share.part(money("100")).unwrap());
    let credits = effects.iter().filter_map(|effect| match effect {
        Effect::Credit(credit) => Some(credit),
        Effect::Await { .. } => None,
    });
    credits.map(|credit| (number(credit), credit.credited_before, part(credit))).collect()
}

/// Whom the sale waits for.
pub fn awaited(effects: &[Effect]) -> Vec<IdentifierId> {
    let awaited = effects.iter().filter_map(|effect| match effect {
        Effect::Await { identifier, .. } => Some(*identifier),
        Effect::Credit(_) => None,
    });
    awaited.collect()
}

/// A closed sale of one line at noon, changed at `modified`.
pub fn sale(amount: &str, modified: &str) -> Content {
    Content {
        transaction_id: "T-88213".into(),
        store: id(30),
        from_transaction_id: None,
        pos_employee_id: Some("234".into()),
        sm_employee_id: None,
        table_id: None,
        guest_count: None,
        is_closed: true,
        is_voided: false,
        subtotal: money(amount),
        tax_total: money("0"),
        open_time: time("2026-03-02T12:00:00Z"),
        modified_time: time(modified),
        guest_receipt_code: None,
        channel: "POS".into(),
        status: None,
        custom_data: None,
        business_def_collection: None,
        items: vec![item("1", amount)],
        payments: Vec::new(),
        discounts: Vec::new(),
        envelope_user_id: None,
    }
}

pub fn item(line_id: &str, amount: &str) -> SoldItem {
    SoldItem {
        line_id: line_id.into(),
        item_id: "BURR-CHX".into(),
        quantity: "1".parse().unwrap(),
        unit_price: money(amount),
        subtotal: money(amount),
        tax_included: money("0"),
        modifies_line_id: None,
        status: None,
        custom_data: None,
    }
}

pub fn payment(amount: &str, at: &str) -> SalePayment {
    SalePayment {
        payment_id: "P".into(),
        amount: money(amount),
        kind: "Credit".into(),
        time: time(at),
        user: None,
        additional_user: None,
        receipt_code: None,
        custom_data: None,
    }
}

/// A closed sale paid in parts, all at 12:10.
pub fn paid(amounts: &[&str], modified: &str) -> Content {
    let payments = amounts.iter().map(|amount| payment(amount, "2026-03-02T12:10:00Z")).collect();
    Content { payments, ..sale("100", modified) }
}

pub fn discount(amount: &str, lines: &[&str]) -> SaleDiscount {
    SaleDiscount {
        reference_id: None,
        reference_id_type: None,
        pos_discount_id: None,
        status: None,
        display_name: None,
        image_url: None,
        discounted_line_ids: lines.iter().map(|line| (*line).into()).collect(),
        discounted_line_id_quantities: Vec::new(),
        discount_source: None,
        amount: money(amount),
        stack_order: None,
        applied_time: None,
        user_id: None,
    }
}
