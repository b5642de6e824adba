//! What would happen is what then happens (incentives.md 7.15).

use laurel_domain::{
    Timestamp,
    customer::{CreditSale, Customer, Fetched, Foreseen, Outlook, Supposed, Supposition},
    entity::{Context, Entity, Verdict},
    id::IdRun,
    program::Program,
    rules::{Cut, Figure, Inputs},
};
use proptest::prelude::*;

use crate::{member::*, shop::*};

fn supposition(credit: &CreditSale) -> Supposition {
    Supposition { what: Supposed::Sale(Box::new(credit.clone())), as_of: None, levels: Vec::new() }
}

/// Foresees and decides with the same ids, and compares everything.
fn foreseen(customer: &Customer, credit: &CreditSale, program: &Program, now: Timestamp) -> Outlook {
    let fetched = Fetched::default();
    let ids = IdRun::starting_at(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0001_0000));
    let context = Context { now, ids, program, fetched: &fetched };
    let before = customer.clone();
    let Foreseen::Outlook(outlook) = customer.foresee(&supposition(credit), &context).unwrap() else {
        panic!("nothing is old")
    };
    assert_eq!(*customer, before, "a question changes nothing");
    let command = laurel_domain::customer::Command::CreditSale(Box::new(credit.clone()));
    let Ok(Verdict::Decided(decision)) = customer.decide(&command, &context) else { panic!("decided") };
    assert_eq!(outlook.events, decision.events);
    let mut after = customer.clone();
    decision.events.iter().for_each(|event| after.apply(event));
    assert_eq!(outlook.after, after);
    *outlook
}

/// Programs with what changes what a sale comes to: limits, hurdles, groups, multipliers, ceilings, levels, actions.
fn shop(chosen: &[bool], rate: u32, ceiling: u32, zone: &'static str) -> Shop {
    let limit = |n: u32, cap: &str| per_amount(n, SPEND, "3", &format!(r#", "limits": [{cap}]"#));
    let all = [
        tree(100, "", &per_amount(1, SPEND, &rate.to_string(), "")),
        tree(
            101,
            r#""exclusivity_group": "g", "exclusivity_mode": 1, "priority": 300,"#,
            &per_amount(2, TIER, "2", ""),
        ),
        tree(
            102,
            r#""exclusivity_group": "g", "exclusivity_mode": 1,"#,
            &per_amount(3, STRICT, "1", r#", "hurdle": 50"#),
        ),
        tree(103, "", &multiplier(4, "2")),
        tree(104, "", &limit(5, r#"{"scope": 1, "max": 200, "value": 1, "uom": 7}"#)),
        tree(105, "", &limit(6, r#"{"scope": 0, "max": 2, "value": 1, "uom": 0, "window": 1}"#)),
        tree(106, &only_for(GOLD), &fixed(7, SPEND, 11)),
        enter(107, GOLD, 100),
        enter_for(108, PLATINUM, 400, &fixed(8, STRICT, 25)),
        tree(
            109,
            "",
            &format!(
                r#"{{"id": "{}", "discriminator": 32, "point_account_ids": ["{}"], "amount": 5}}"#,
                guid(9),
                guid(SPEND)
            ),
        ),
        tree(110, "", &format!(r#"{{"id": "{}", "discriminator": 64, "tags": ["seen;;600"]}}"#, guid(10))),
    ];
    let trees: Vec<_> =
        all.into_iter().zip(chosen).filter(|(_, chosen)| **chosen).map(|(tree, _)| tree).collect();
    let spend = if ceiling == 0 { String::new() } else { format!(r#", "max_allowed_balance": {ceiling}"#) };
    Shop { spend, zone, ..Shop::with(&trees) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_sale_does_what_was_foreseen(
        chosen in prop::collection::vec(any::<bool>(), 11),
        rate in 1_u32..5,
        ceiling in prop_oneof![Just(0_u32), 50_u32..600],
        zone in prop::sample::select(vec!["UTC", "America/Chicago"]),
        past in prop::collection::vec((0_u32..4, 1_u32..90, 0_i64..30), 0..12),
        (sale, amount) in (0_u32..6, 0_u32..120),
    ) {
        let shop = shop(&chosen, rate, ceiling, zone);
        let mut member = Member::of(&shop);
        let mut revisions = [0_u32; 6];
        for (which, amount, hours) in past {
            member.now = member.now.plus_millis(hours * 3_600_000);
            if which == 3 {
                member.given(STRICT, &amount.to_string());
                continue;
            }
            let place = usize::try_from(which).unwrap();
            revisions[place] += 1;
            member.buy(which, revisions[place], &amount.to_string());
        }
        let revision = revisions[usize::try_from(sale).unwrap()] + 1;
        let credit = member.sale(sale, revision, &amount.to_string());
        let outlook = foreseen(&member.customer, &credit, &member.program, member.now);
        let live = member.program.trees().iter().filter(|tree| matches!(
            tree.kind, laurel_domain::program::tree::TreeKind::Purchase(_)
        )).count();
        prop_assert!(outlook.rounds.iter().all(|round| round.trees.len() <= live));
    }
}

/// What is asked of the anonymous and of those who hold another level is not asked of the member.
#[test]
fn levels_may_be_supposed() {
    let shop = Shop::with(&[tree(100, &only_for(GOLD), &per_amount(1, SPEND, "2", ""))]);
    let member = Member::of(&shop);
    let credit = member.sale(1, 1, "40");
    let fetched = Fetched::default();
    let ids = IdRun::starting_at(uuid::Uuid::nil());
    let context = Context { now: member.now, ids, program: &member.program, fetched: &fetched };
    let ask = |customer: &Customer, levels: Vec<u32>| {
        let levels = levels.into_iter().map(id).collect();
        match customer.foresee(&Supposition { levels, ..supposition(&credit) }, &context).unwrap() {
            Foreseen::Outlook(outlook) => outlook,
            Foreseen::Need(need) => panic!("{need:?}"),
        }
    };
    assert!(ask(&member.customer, vec![]).outcomes.is_empty());
    assert_eq!(ask(&member.customer, vec![GOLD]).outcomes[0].given.unwrap().points, points("80"));
    let nobody = Customer::anonymous(&member.program, member.now);
    assert_eq!(
        ask(&nobody, vec![GOLD]).after.available(id(SPEND), &member.program, member.now),
        points("80")
    );
}

/// incentives.md 6.8: what was asked, and what a limit left of it; 6.2: the value of the node.
#[test]
fn what_was_looked_at_is_told_with_its_numbers() {
    let limits = r#", "limits": [{"scope": 0, "max": 9, "value": 1, "uom": 0},
        {"scope": 1, "max": 100, "value": 1, "uom": 7}]"#;
    let shop = Shop::with(&[tree(100, "", &per_amount(1, SPEND, "3", limits))]);
    let mut member = Member::of(&shop);
    member.buy(1, 1, "20");
    let credit = member.sale(2, 1, "40");
    let outlook = foreseen(&member.customer, &credit, &member.program, member.now);
    let [round] = outlook.rounds.as_slice() else { panic!("{:?}", outlook.rounds) };
    let [traced] = round.trees.as_slice() else { panic!("{round:?}") };
    assert!(traced.passed && round.lookup.is_none());
    assert_eq!(traced.nodes[0].figure, Some(Figure::Money(money("40"))));
    let [outcome] = traced.outcomes.as_slice() else { panic!("{traced:?}") };
    assert_eq!((outcome.asked, outcome.allowed), (Some(points("120")), Some(points("40"))));
    let cut = Cut { of_outcome: true, place: 1, asked: points("120"), allowed: points("40") };
    assert_eq!(outcome.cuts, [cut]);
    let Some(Inputs::Amount { eligible, of_ticket, .. }) = outcome.inputs else { panic!("{outcome:?}") };
    assert_eq!((eligible, of_ticket), (money("40"), money("40")));
    assert_eq!(outlook.outcomes.len(), 2, "40 points, and that a limit cut them");
}
