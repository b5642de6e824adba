//! What a customer's decision costs, with the events applied: the work between two messages of a customer's actor,
//! but for the encoding of the record.

mod grocery;

use std::sync::Arc;

use criterion::{BatchSize, Criterion};
use grocery::{LINES, program, time};
use laurel_domain::{
    Money, Points, Timestamp,
    customer::{
        Command, CreditSale, Customer, DepositDetail, Fetched, Posting, Profile, Purpose, SpendDetail,
    },
    entity::{Context, Entity, Verdict},
    id::{CustomerId, IdRun, RetailerId, SaleId, StoreId},
    program::Program,
    rules::Share,
    sale::{Content, SalePayment, SoldItem},
};
use uuid::Uuid;

const OPENING: &str = "2017-03-01T08:00:00Z";
const MINUTE_MS: i64 = 60_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let program = program();
    let regular = after_purchases(&program, 50);
    let saver = after_deposits(&program, 100);
    let now = time("2017-04-01T12:00:00Z");
    let commands = [
        ("decide/purchase of three items, new member", &member(&program), purchase(3, "till-1", now)),
        ("decide/purchase of three items, fifty before", &regular, purchase(3, "till-1", now)),
        ("decide/purchase of ten items, fifty before", &regular, purchase(10, "till-1", now)),
        ("decide/deposit, a hundred lots before", &saver, deposit(&program)),
        ("decide/spend over one of a hundred lots", &saver, spend(&program, 10)),
        ("decide/spend over a hundred lots", &saver, spend(&program, 1_000)),
    ];
    for (name, customer, command) in commands {
        let mut sample = customer.clone();
        assert!(execute(&mut sample, &command, &program, now, 1_000_000) > 0, "{name}: something happens");
        criterion.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || customer.clone(),
                |customer| execute(customer, &command, &program, now, 1_000_000),
                BatchSize::SmallInput,
            );
        });
    }
    criterion.final_summary();
}

/// Decides and applies; gives how many events there were.
fn execute(customer: &mut Customer, command: &Command, program: &Program, now: Timestamp, id: u128) -> usize {
    let fetched = Fetched::default();
    let ids = IdRun::starting_at(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | (id << 8)));
    let context = Context { now, ids, program, fetched: &fetched };
    match customer.decide(command, &context) {
        Ok(Verdict::Decided(decision)) => {
            decision.events.iter().for_each(|event| customer.apply(event));
            decision.events.len()
        }
        Ok(Verdict::Need(need)) => panic!("nothing of this is old, yet {need:?} is asked for"),
        Err(error) => panic!("refused: {error}"),
    }
}

/// A member who has nothing yet.
fn member(program: &Program) -> Customer {
    let mut customer = Customer::default();
    let create = Command::Create {
        id: CustomerId(Uuid::from_u128(1)),
        profile: Box::new(Profile { opted_in: true, ..Profile::default() }),
        claimed_until: Timestamp::MAX,
    };
    execute(&mut customer, &create, program, time(OPENING), 0);
    customer
}

fn after_purchases(program: &Program, count: u8) -> Customer {
    let mut customer = member(program);
    for number in 1..=count {
        let at = time(OPENING).plus_millis(i64::from(number) * MINUTE_MS);
        execute(&mut customer, &purchase(3, &format!("earlier-{number}"), at), program, at, number.into());
    }
    customer
}

/// A member with as many lots of ten points.
fn after_deposits(program: &Program, count: u8) -> Customer {
    let mut customer = member(program);
    for number in 1..=count {
        let at = time(OPENING).plus_millis(i64::from(number) * MINUTE_MS);
        execute(&mut customer, &deposit(program), program, at, number.into());
    }
    let lots = customer.ledger().accounts()[0].lots().len();
    assert_eq!(lots, usize::from(count), "every deposit is a lot");
    customer
}

fn purchase(count: usize, transaction_id: &str, at: Timestamp) -> Command {
    let store = StoreId::from_bytes([7; 16]);
    let content = content(count, transaction_id, store, at);
    Command::CreditSale(Box::new(CreditSale {
        customer: CustomerId::from_bytes([1; 16]),
        sale: SaleId::derive(RetailerId::from_bytes([9; 16]), store, transaction_id),
        revision: 1,
        content: Arc::new(content),
        business_time: at,
        credited_before: false,
        share: Some(Share::whole()),
    }))
}

fn content(count: usize, transaction_id: &str, store: StoreId, at: Timestamp) -> Content {
    let items: Vec<_> = (1..).zip(LINES.iter().take(count)).map(item).collect();
    let subtotal = Money::sum(items.iter().map(|item| item.subtotal)).expect("a basket sums to an amount");
    let payment = SalePayment {
        payment_id: "1".into(),
        amount: subtotal,
        kind: "Credit".into(),
        time: at,
        user: None,
        additional_user: None,
        receipt_code: None,
        custom_data: None,
    };
    Content {
        transaction_id: transaction_id.into(),
        store,
        from_transaction_id: None,
        pos_employee_id: None,
        sm_employee_id: None,
        table_id: None,
        guest_count: None,
        is_closed: true,
        is_voided: false,
        subtotal,
        tax_total: Money::ZERO,
        open_time: at,
        modified_time: at,
        guest_receipt_code: None,
        channel: "POS".into(),
        status: None,
        custom_data: None,
        business_def_collection: None,
        items,
        payments: vec![payment],
        discounts: Vec::new(),
        envelope_user_id: None,
    }
}

fn item((line, &(item_id, quantity, subtotal)): (u32, &(&str, &str, &str))) -> SoldItem {
    let subtotal = subtotal.parse().expect("the benches write amounts well");
    SoldItem {
        line_id: line.to_string().into(),
        item_id: item_id.into(),
        quantity: quantity.parse().expect("the benches write quantities well"),
        unit_price: subtotal,
        subtotal,
        tax_included: Money::ZERO,
        modifies_line_id: None,
        status: None,
        custom_data: None,
    }
}

fn whole(points: i64) -> Points {
    Points::whole(points).expect("the benches use small numbers")
}

fn post(purpose: Purpose) -> Command {
    let posting = Posting { purpose, allow_partial_success: false, disable_event_publishing: false };
    Command::Post(Box::new(posting))
}

/// Ten points.
fn deposit(program: &Program) -> Command {
    post(Purpose::Deposit(vec![DepositDetail {
        amount: whole(10),
        account: program.accounts()[0].id,
        source: program.sources()[1].id,
        reference_id: "anniversary".into(),
        reference_type: "bonus".into(),
        idempotency_id: None,
        transaction_id: "".into(),
        occurred: None,
    }]))
}

fn spend(program: &Program, points: i64) -> Command {
    post(Purpose::Spend(vec![SpendDetail {
        amount: whole(points),
        accounts: vec![program.accounts()[0].id],
        source: None,
        force: false,
        is_return: false,
        reference_id: "voucher".into(),
        reference_type: "redemption".into(),
        idempotency_id: None,
        transaction_id: "".into(),
        occurred: None,
        row: None,
        overdraft_row: None,
        overdraft_occurred: None,
    }]))
}
