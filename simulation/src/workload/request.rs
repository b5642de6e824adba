//! Requests: a wish with everything in it fixed, so that it can be sent again as it was.

use actors::SaleRequest;
use domain::{
    Money, Points, Quantity, Timestamp,
    customer::{
        DepositDetail, ExternalId, MoveDetail, Names, Naming, Posting, Profile, Purpose, SpendDetail,
        UserEvent,
    },
    id::{CustomerId, SaleId},
    identifier::Identifier,
    job::{Plan, Work},
    sale::{Content, NamedUser, SalePayment, SoldItem, UserIdKind},
};

use crate::program;

/// Which way a version of a sale goes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From a till.
    Till,
    /// From the service that has normalised it (incentives.md 7.16).
    Service,
}

/// A request as it is sent, each time the same.
#[derive(Debug, Clone)]
pub enum Request {
    /// Create a member.
    Create {
        /// Its external id.
        external: String,
        /// All of it.
        profile: Box<Profile>,
    },
    /// Give a member another e-mail address.
    Rename {
        /// Who.
        customer: CustomerId,
        /// The new address.
        email: String,
    },
    /// Send a version of a sale.
    Sell {
        /// The sale.
        sale: SaleId,
        /// The request.
        request: Box<SaleRequest>,
        /// Which way it goes.
        way: Way,
    },
    /// Have a sale looked at again.
    Replay {
        /// The sale.
        sale: SaleId,
    },
    /// Move everything of one member to another.
    Merge {
        /// Whose.
        from: CustomerId,
        /// For whom.
        to: CustomerId,
    },
    /// Give or take points.
    Post {
        /// Whose.
        customer: CustomerId,
        /// The request.
        posting: Box<Posting>,
        /// What it says that nothing else says.
        tag: String,
        /// What it does to the balance.
        change: Points,
        /// It can be told from another one like it.
        keyed: bool,
    },
    /// Move points.
    Transfer {
        /// Whose.
        from: CustomerId,
        /// For whom.
        to: CustomerId,
        /// The request.
        detail: Box<MoveDetail>,
        /// What it says that nothing else says.
        tag: String,
    },
    /// Report a survey.
    Survey {
        /// Whose.
        customer: CustomerId,
        /// The report.
        event: Box<UserEvent>,
    },
    /// Erase a member.
    Erase {
        /// Who.
        customer: CustomerId,
        /// How the caller calls it.
        external: String,
        /// The id of the request.
        request: String,
    },
    /// Have something done to everybody.
    Job {
        /// What.
        plan: Box<Plan>,
        /// Under which key.
        key: String,
    },
    /// Switch the season's tree.
    Switch {
        /// On.
        live: bool,
    },
}

impl Request {
    /// Whether it may be sent again when it is not known what became of it.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Self::Post { keyed, .. } => *keyed,
            Self::Rename { .. } | Self::Replay { .. } | Self::Merge { .. } => false,
            Self::Create { .. }
            | Self::Sell { .. }
            | Self::Transfer { .. }
            | Self::Survey { .. }
            | Self::Erase { .. }
            | Self::Job { .. }
            | Self::Switch { .. } => true,
        }
    }

    /// Whether a repeat is given the first answer.
    pub fn is_answered_again(&self) -> bool {
        match self {
            Self::Post { keyed, .. } => *keyed,
            Self::Sell { .. }
            | Self::Transfer { .. }
            | Self::Survey { .. }
            | Self::Erase { .. }
            | Self::Job { .. } => true,
            Self::Create { .. }
            | Self::Rename { .. }
            | Self::Replay { .. }
            | Self::Merge { .. }
            | Self::Switch { .. } => false,
        }
    }

    /// Whom it is about; none: a sale, or nobody.
    pub fn customers(&self) -> Vec<CustomerId> {
        match self {
            Self::Create { .. }
            | Self::Sell { .. }
            | Self::Replay { .. }
            | Self::Job { .. }
            | Self::Switch { .. } => Vec::new(),
            Self::Rename { customer, .. }
            | Self::Post { customer, .. }
            | Self::Survey { customer, .. }
            | Self::Erase { customer, .. } => vec![*customer],
            Self::Transfer { from, to, .. } | Self::Merge { from, to } => vec![*from, *to],
        }
    }
}

/// The external id of a member.
pub fn external(member: usize) -> String {
    format!("member-{member}")
}

/// The identifier behind an external id.
pub fn identifier(member: usize) -> Identifier {
    Identifier::external(&external(member))
}

/// What is in the profile of a member that was created under a request, and nowhere else.
pub fn marker(request: u32) -> String {
    format!("<<marker {request}>>")
}

/// The creation of a member.
pub fn create(number: u32, member: usize) -> Request {
    let external = external(member);
    let profile = Profile {
        email: Some(format!("{external}@example.com").into()),
        identifiers: vec![ExternalId { value: external.as_str().into(), kind: None }],
        shown: Some(0),
        opted_in: true,
        names: Names { first: None, last: Some(marker(number).into()) },
        ..Profile::default()
    };
    Request::Create { external, profile: Box::new(profile) }
}

/// Points from a whole number.
pub fn whole(points: i64) -> Points {
    Points::whole(points).expect("the numbers of a run are small")
}

/// A deposit.
pub fn deposit(number: u32, customer: CustomerId, points: i64, scarce: bool, keyed: bool) -> Request {
    let tag = format!("deposit {number}");
    let detail = DepositDetail {
        amount: whole(points),
        account: program::points(),
        source: program::source(scarce),
        reference_id: tag.as_str().into(),
        reference_type: "".into(),
        idempotency_id: keyed.then(|| format!("key {number}").into()),
        transaction_id: "".into(),
        occurred: None,
    };
    let posting = posting(Purpose::Deposit(vec![detail]));
    Request::Post { customer, posting, tag, change: whole(points), keyed }
}

/// A spend.
pub fn spend(number: u32, customer: CustomerId, points: i64, force: bool) -> Request {
    let tag = format!("spend {number}");
    let detail = SpendDetail {
        amount: whole(points),
        accounts: Vec::new(),
        source: None,
        force,
        is_return: false,
        reference_id: tag.as_str().into(),
        reference_type: "".into(),
        idempotency_id: Some(format!("key {number}").into()),
        transaction_id: "".into(),
        occurred: None,
        row: None,
        overdraft_row: None,
        overdraft_occurred: None,
    };
    let posting = posting(Purpose::Spend(vec![detail]));
    Request::Post { customer, posting, tag, change: whole(-points), keyed: true }
}

fn posting(purpose: Purpose) -> Box<Posting> {
    Box::new(Posting { purpose, allow_partial_success: false, disable_event_publishing: false })
}

/// A transfer.
pub fn transfer(number: u32, from: CustomerId, to: CustomerId, points: i64) -> Request {
    let tag = format!("transfer {number}");
    let naming = Naming {
        reference_id: tag.as_str().into(),
        reference_type: "".into(),
        idempotency_id: Some(format!("key {number}").into()),
    };
    let detail = MoveDetail {
        from: Vec::new(),
        to: program::points(),
        amount: whole(points),
        preserve_expiration: number.is_multiple_of(2),
        naming,
    };
    Request::Transfer { from, to, detail: Box::new(detail), tag }
}

/// A job.
pub fn job(number: u32, expiration: bool) -> Request {
    let work = if expiration {
        Work::Expiration { accounts: vec![program::points()] }
    } else {
        Work::Maintenance { system: program::club() }
    };
    let plan = Box::new(Plan { work, customers: None, as_of: None, dry_run: false });
    Request::Job { plan, key: format!("key {number}") }
}

/// A survey.
pub fn survey(number: u32, customer: CustomerId) -> Request {
    let event = UserEvent {
        lookup: "SURVEY".into(),
        occurred: None,
        quantity: Quantity::whole(1).expect("one is a quantity"),
        context: None,
        transaction_id: "".into(),
        idempotency_id: Some(format!("key {number}").into()),
    };
    Request::Survey { customer, event: Box::new(event) }
}

fn cents(cents: i64) -> Money {
    Money::from_units(cents * (Money::UNIT / 100))
}

/// The till's id of a sale.
fn transaction(place: usize) -> String {
    format!("sale-{place}")
}

/// A sale by its place.
pub fn sale(place: usize) -> SaleId {
    SaleId::derive(program::retailer(), program::store(place), &transaction(place))
}

/// A version of a sale, changed at a time.
pub fn sell(
    number: u32,
    place: usize,
    payers: &[Option<(usize, i64)>],
    modified: Timestamp,
    voided: bool,
    way: Way,
) -> Request {
    let payment = |(place, (member, paid)): (u32, &(usize, i64))| SalePayment {
        payment_id: place.to_string().into(),
        amount: cents(*paid),
        kind: "Credit".into(),
        time: modified,
        user: Some(NamedUser { id: external(*member).into(), kind: UserIdKind::External }),
        additional_user: None,
        receipt_code: None,
        custom_data: None,
    };
    let payments = (0..).zip(payers.iter().flatten()).map(payment).collect();
    let total = cents(payers.iter().flatten().map(|(_, paid)| paid).sum());
    let item = SoldItem {
        line_id: "1".into(),
        item_id: "BREAD".into(),
        quantity: Quantity::whole(1).expect("one is a quantity"),
        unit_price: total,
        subtotal: total,
        tax_included: Money::ZERO,
        modifies_line_id: None,
        status: None,
        custom_data: None,
    };
    let content = Content {
        transaction_id: transaction(place).into(),
        store: program::store(place),
        from_transaction_id: None,
        pos_employee_id: None,
        sm_employee_id: None,
        table_id: None,
        guest_count: None,
        is_closed: true,
        is_voided: voided,
        subtotal: total,
        tax_total: Money::ZERO,
        open_time: modified,
        modified_time: modified,
        guest_receipt_code: None,
        channel: "POS".into(),
        status: None,
        custom_data: None,
        business_def_collection: None,
        items: vec![item],
        payments,
        discounts: Vec::new(),
        envelope_user_id: None,
    };
    let sale = sale(place);
    let body = actors::fingerprint(format!("{content:?}").as_bytes());
    let request = SaleRequest { request_id: format!("request {number}").into(), body, content };
    Request::Sell { sale, request: Box::new(request), way }
}
