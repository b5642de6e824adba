//! Every record that any test of this folder writes is explained, and has to come out again.

use std::sync::Arc;

use laurel_domain::{
    Points,
    customer::{
        Command, CutKind, Effect, Event, Explained, Past, Programs, Recorded, RowPart, RowPlace, TierMovement,
    },
    ledger::Movement,
};

use crate::member::Member;

/// The programs that a member has seen.
pub fn programs(member: &Member) -> Programs {
    let mut programs = Programs::default();
    std::iter::once(&member.program).chain(&member.former).for_each(|known| programs.add(Arc::clone(known)));
    programs
}

/// Explains what has just been decided; `past` is the customer before it.
pub fn explained(
    member: &Member,
    past: &Past,
    command: &Command,
    events: &[Event],
    effects: &[Effect],
) -> Explained {
    let sale = match command {
        Command::CreditSale(credit) => Some(&**credit),
        _ => None,
    };
    let program_version = member.program.version();
    let recorded = Recorded { at: member.now, program_version, events, effects, sale };
    let explained = past.explain(&recorded, &programs(member)).unwrap();
    for (place, event) in events.iter().enumerate() {
        let reproduced = explained.reproduced(place);
        assert!(
            reproduced.is_ok() || cannot_be_told(command) || nothing_to_tell(std::slice::from_ref(event)),
            "{reproduced:?} at {place}: {event:#?}\nof {command:#?}"
        );
    }
    // What followed points from another customer cannot be looked at again: the sale is not kept under that id.
    let followed = matches!(command, Command::Merge(_));
    if !followed {
        sale_adds_up(&explained, past, events);
    }
    let after = past.log_after(&recorded);
    for (place, movement) in RowPlace::all(events) {
        let touched = past.lots_touched(movement, &after);
        let lots = Points::sum(touched.iter().map(|lot| lot.points)).unwrap();
        let overdraft = match movement {
            Movement::Restored { overdraft, .. } => *overdraft,
            _ => Points::ZERO,
        };
        match movement {
            Movement::Earned { .. } | Movement::Received { .. } | Movement::Overdrawn { .. } => {}
            _ => assert_eq!(lots.minus(overdraft), movement.change().negated(), "{movement:?}"),
        }
        if !followed {
            row_is_told(&explained, &place, movement, events);
        }
    }
    explained
}

/// What the trees give for a revision is what the sale has given by then, with what the ledger kept out.
fn sale_adds_up(explained: &Explained, past: &Past, events: &[Event]) {
    for (place, event) in events.iter().enumerate() {
        let Event::SaleCredited(credited) = event else { continue };
        let looked = explained.looked_at(place).flat_map(|looked| &looked.awards);
        let awarded = Points::sum(looked.map(|award| award.points));
        let before = past.evaluation(credited.sale).map_or(&[][..], |earlier| &earlier.granted);
        let changes = credited.granted_changes();
        let given = before.iter().cloned().chain(changes).map(|granted| granted.points);
        let forfeited = credited.forfeited.iter().map(|award| award.points);
        assert_eq!(awarded, Points::sum(given.chain(forfeited)), "{credited:#?}");
        let lost = credited.newly_forfeited();
        assert!(lost.iter().all(|(award, _)| credited.forfeited.contains(award)));
    }
}

fn nothing_to_tell(events: &[Event]) -> bool {
    RowPlace::all(events).is_empty() && TierMovement::all_in(events).is_empty()
}

/// What a rule wrote is told by its tree, and the limits lead from what was computed to what was written.
fn row_is_told(explained: &Explained, place: &RowPlace, movement: &Movement, events: &[Event]) {
    let (Some(cause), Movement::Earned { points, .. }) = (place.cause(), movement) else { return };
    let looked: Vec<_> = explained.looked_at(place.event).collect();
    let trees = || looked.iter().flat_map(|looked| &looked.rounds).flat_map(|round| &round.trees);
    let tree = trees().find(|tree| tree.tree == cause.tree);
    let tree = tree.unwrap_or_else(|| panic!("{cause:?} is not among {looked:#?} for {movement:?}"));
    if matches!(place.part, RowPart::Rule(_)) {
        assert!(tree.passed, "{tree:?} gave {movement:?}");
    }
    let limits = explained.limits_of(place, events).unwrap();
    for limited in &limits {
        assert!(limited.allowed < limited.asked, "{limited:?}");
    }
    for pair in limits.windows(2) {
        if !matches!(pair[1].kind, CutKind::Source | CutKind::Ceiling | CutKind::Inactive) {
            assert_eq!(pair[0].allowed, pair[1].asked, "{limits:?}");
        }
    }
    if let Some(Event::SaleCredited(_)) = events.get(place.event) {
        return;
    }
    let last = limits.last().map_or(*points, |limited| limited.allowed);
    assert_eq!(last, *points, "{limits:?}");
}

/// Points that run out by a share are recorded as so many points, and the choice of lots does not tell what was asked.
fn cannot_be_told(command: &Command) -> bool {
    use laurel_domain::customer::{Posting, Purpose};
    match command {
        Command::Post(posting) => {
            let Posting { purpose, .. } = &**posting;
            matches!(purpose, Purpose::Expire(_) | Purpose::TakeBack(_))
        }
        Command::State(_) | Command::Merge(_) => true,
        _ => false,
    }
}
