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
        let Command::Record { id, request_id, request_body, .. } = command;
        let Reply::Recorded(receipt) = decided.reply;
        let mut rows = vec![index::requests::put(request_id, *request_body, receipt, decided.now)];
        for event in decided.events {
            let (content, recorded) = match event {
                Event::Revised { revision, .. } => (Arc::clone(&revision.content), revision.recorded),
                Event::Touched { modified_time } => {
                    let Some(current) = before.current() else { continue };
                    let mut content = (*current.content).clone();
                    content.modified_time = *modified_time;
                    (Arc::new(content), current.recorded)
                }
                Event::StaleIgnored { .. } => continue,
            };
            if let Some(current) = before.current()
                && current.content.open_time != content.open_time
            {
                rows.push(index::sales::delete(*id, &current.content));
            }
            let include_tax = decided.program.retailer().switches.include_tax;
            rows.push(index::sales::put(*id, &content, recorded, include_tax));
        }
        rows
    }

    fn deliveries(events: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        let revised = events.iter().find_map(|event| match event {
            Event::Revised { revision, business_time, .. } => Some((revision, *business_time)),
            Event::Touched { .. } | Event::StaleIgnored { .. } => None,
        });
        let Some((revision, Some(business_time))) = revised else {
            assert!(effects.is_empty(), "only a closed revision has effects");
            return Vec::new();
        };
        let credit = |effect: &Effect| CreditSale {
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
    fn always_records(_: &Command) -> bool {
        true
    }
}
