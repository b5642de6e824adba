//! A customer is erased (incentives.md 7.17).

use laurel_domain::{
    customer::{
        AuditRow, Command, Customer, Effect, Error, Event, Fetched, Fingerprint, Forget, History, Need,
        Profile, Purpose, Reply,
    },
    entity::Verdict,
    id::SaleId,
    identifier::Identifier,
};

use crate::{member::*, shop::*};

fn forget() -> Forget {
    Forget {
        request: Fingerprint::of("r-1"),
        body: Fingerprint::of("body"),
        tombstone: id(77),
        other_sales: vec![id(600)],
    }
}

/// Bought twice, returned in part, got a deposit under a key and spent some.
fn member() -> Member {
    let trees = [tree(100, "", &per_amount(1, SPEND, "1", ""))];
    let mut member = Member::nobody(&Shop::with(&trees));
    let profile = Profile { email: Some("anna@a.test".into()), opted_in: true, ..Profile::default() };
    let claimed_until = member.now;
    member.when(Command::Create { id: id(1000), profile: Box::new(profile), claimed_until }).unwrap();
    member.buy(500, 1, "40");
    member.buy(500, 2, "30");
    member.buy(501, 1, "10");
    let mut given = deposit(SPEND, "25");
    given.reference_id = "order of Anna".into();
    given.reference_type = "MakeGood".into();
    given.idempotency_id = Some("key of Anna".into());
    given.transaction_id = "T-Anna".into();
    member.post(Purpose::Deposit(vec![given]), false).unwrap();
    let mut same = deposit(SPEND, "1");
    (same.reference_id, same.reference_type) = ("Anna".into(), "Anna".into());
    member.post(Purpose::Deposit(vec![same]), false).unwrap();
    member
}

fn buried(effects: &[Effect]) -> Vec<AuditRow> {
    let rows = effects.iter().find_map(|effect| match effect {
        Effect::Bury { tombstone, rows } if *tombstone == id(77) => Some(rows.clone()),
        _ => None,
    });
    rows.expect("the rows are buried")
}

#[test]
fn nothing_of_an_erased_customer_is_left_but_amounts() {
    let mut member = member();
    let command = Command::Forget(Box::new(forget()));
    let Ok(Verdict::Need(Need::History)) = member.ask(&command, &Fetched::default()) else {
        panic!("what there is to forget is in the history")
    };
    let mut history = History::default();
    member.events.iter().for_each(|event| history.apply(event));
    let rows = history.log().rows().to_vec();
    let fetched = Fetched { history: Some(Box::new(history)), ..Fetched::default() };
    let Ok(Verdict::Decided(decision)) = member.ask(&command, &fetched) else { panic!("it is decided") };

    let claim = Identifier::email("anna@a.test").id();
    assert!(decision.effects.contains(&Effect::ReleaseClaim { claim, customer: id(1000) }));
    let told: Vec<SaleId> = decision
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::ForgetIn { sale, .. } => Some(*sale),
            _ => None,
        })
        .collect();
    assert_eq!(told, [id(500), id(501), id(600)]);

    let buried = buried(&decision.effects);
    let amounts = |rows: &[AuditRow]| {
        rows.iter()
            .map(|row| {
                (row.id, row.account, row.change, row.amount_spent, row.kind, row.occurred, row.source)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(amounts(&buried), amounts(&rows), "accounts still add up");
    let words: Vec<&str> = buried.iter().map(|row| &*row.caused_by.modification_type).collect();
    assert_eq!(words, ["RuleTree", "Return", "RuleTree", "MakeGood", ""]);
    let stored = format!("{:?} {:?}", decision.events, decision.effects);
    for trace in ["anna", "Anna", "T-1"] {
        assert!(!stored.contains(trace), "{trace} in {stored}");
    }

    assert!(matches!(decision.reply, Reply::Forgotten(_)));
    let [Event::Forgotten(forgotten)] = &decision.events[..] else { panic!("{:?}", decision.events) };
    assert_eq!(forgotten.keys.len(), 2, "the answers under keys go");
    decision.events.iter().for_each(|event| member.apply(event));
    assert_eq!(member.customer, Customer::default());
}

#[test]
fn nobody_is_erased_twice_and_what_comes_late_is_dropped() {
    let mut member = member();
    let late = member.sale(502, 1, "10");
    member.when(Command::Forget(Box::new(forget()))).unwrap();
    let command = Command::Forget(Box::new(forget()));
    assert_eq!(member.when(command), Err(Error::NotFound));
    assert_eq!(member.when(Command::Settle), Err(Error::NotFound));
    // The sale that credits it is told to forget it, too.
    let command = Command::CreditSale(Box::new(late));
    let Ok(Verdict::Decided(decision)) = member.ask(&command, &Fetched::default()) else {
        panic!("a late sale is taken note of")
    };
    assert_eq!(decision.events, []);
    let effect = Effect::ForgetIn { sale: id(502), customer: id(1000), named: Vec::new() };
    assert_eq!(decision.effects, [effect]);
    assert_eq!(member.customer, Customer::default());
}

/// What is due is not written down first: nobody is there afterwards to whom it could be due again.
#[test]
fn nothing_is_noted_as_due_for_somebody_who_is_erased() {
    let mut member = member();
    member.apply(&Event::DueNoted { due: Some(member.now) });
    member.when(Command::Forget(Box::new(forget()))).unwrap();
    assert_eq!((member.customer.due(), member.customer.identity()), (None, None));
}
