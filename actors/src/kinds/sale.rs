//! Sales in the store.

use std::sync::Arc;

use domain::{
    customer::{self, CreditSale},
    sale::{Command, Effect, Event, Reply, Sale},
};
use store::IndexChange;

use super::{Decided, Durable, Kind, Residence};
use crate::{delivery::Delivery, index};

impl Durable for Sale {
    const KIND: Kind = Kind::Sale;
    const RESIDENCE: Residence = Residence::Leaves;

    /// The answer under its request id, and the sale's place in its store's time line.
    fn rows(before: &Self, command: &Command, decided: Decided<'_, Self>) -> Vec<IndexChange> {
        let (id, mut rows) = match (command, decided.reply) {
            (Command::Record { id, request_id, request_body, endpoint, .. }, Reply::Recorded(receipt)) => {
                let key = index::requests::key(*endpoint, request_id);
                (*id, vec![index::requests::put(key, *request_body, receipt, decided.now)])
            }
            (Command::Replay { .. }, Reply::Recorded(receipt)) => (receipt.sale, Vec::new()),
            (Command::Forget(member), _) => {
                return before
                    .current()
                    .map(|sale| index::named::delete(member.customer, sale.id))
                    .into_iter()
                    .collect();
            }
            (Command::Record { .. } | Command::Replay { .. }, Reply::Forgotten) => {
                unreachable!("a version gets a receipt")
            }
        };
        for event in decided.events {
            let (content, recorded) = match event {
                Event::Revised { revision, credits, .. } => {
                    rows.extend(index::named::changes(before, revision, credits.as_deref()));
                    (Arc::clone(&revision.content), revision.recorded)
                }
                Event::Touched { modified_time } => {
                    let Some(current) = before.current() else { continue };
                    let mut content = (*current.content).clone();
                    content.modified_time = *modified_time;
                    (Arc::new(content), current.recorded)
                }
                Event::StaleIgnored { .. } | Event::MemberForgotten(_) => continue,
            };
            if let Some(current) = before.current()
                && current.content.open_time != content.open_time
            {
                rows.push(index::sales::delete(id, &current.content));
            }
            let include_tax = decided.program.retailer().switches.include_tax;
            rows.push(index::sales::put(id, &content, recorded, include_tax));
        }
        rows
    }

    fn deliveries(events: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        let revised = events.iter().find_map(|event| match event {
            Event::Revised { revision, business_time, .. } => Some((revision, *business_time)),
            Event::Touched { .. } | Event::StaleIgnored { .. } | Event::MemberForgotten(_) => None,
        });
        let Some((revision, Some(business_time))) = revised else {
            assert!(effects.is_empty(), "only a closed revision has effects");
            return Vec::new();
        };
        let credit = |effect: &Effect| CreditSale {
            customer: effect.customer,
            sale: revision.id,
            revision: revision.number,
            content: Arc::clone(&revision.content),
            business_time,
            credited_before: effect.credited_before,
            share: effect.share.clone(),
        };
        let delivery = |effect: &Effect| {
            Delivery::Customer(effect.customer, customer::Command::CreditSale(Box::new(credit(effect))))
        };
        effects.iter().map(delivery).collect()
    }

    /// The answer must be found again even when the version changed nothing.
    fn always_records(command: &Command) -> bool {
        matches!(command, Command::Record { .. })
    }

    fn forgets_past(event: &Event) -> bool {
        matches!(event, Event::MemberForgotten(_))
    }
}
