//! Sales in the store.

use std::sync::Arc;

use domain::{
    Timestamp,
    customer::{self, CreditSale},
    identifier,
    sale::{Command, Credit, Effect, Event, Reply, Sale},
};
use serde::Deserialize;
use store::{
    IndexChange,
    codec::{self, CodecError},
};

use super::{Decided, Durable, Kind, Residence};
use crate::{delivery::Delivery, index, record::Record};

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
            (Command::Registered { .. }, _) => match before.current() {
                Some(current) => (current.id, Vec::new()),
                None => return Vec::new(),
            },
            (Command::Record { .. } | Command::Replay { .. }, Reply::Forgotten | Reply::Noted) => {
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
        let credited = |credit: &Credit| CreditSale {
            customer: credit.customer,
            sale: revision.id,
            revision: revision.number,
            content: Arc::clone(&revision.content),
            business_time,
            credited_before: credit.credited_before,
            share: credit.share.clone(),
        };
        let delivery = |effect: &Effect| match effect {
            Effect::Credit(credit) => {
                Delivery::Customer(credit.customer, customer::Command::CreditSale(Box::new(credited(credit))))
            }
            Effect::Await { identifier, until } => {
                let (identifier, until) = (*identifier, *until);
                let command = identifier::Command::Await { identifier, sale: revision.id, until };
                Delivery::Claim(identifier, command)
            }
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

    fn first_record(bytes: &[u8]) -> Result<Record<Self>, CodecError> {
        let (_, FirstRecord { at, program_version, events, effects }) = codec::decode(bytes)?;
        let effects = effects.into_iter().map(Effect::Credit).collect();
        Ok(Record { at, program_version, events, effects })
    }
}

/// A record from when all effects were credits.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct FirstRecord {
    at: Timestamp,
    program_version: u32,
    events: Vec<Event>,
    effects: Vec<Credit>,
}

#[cfg(test)]
mod tests {
    use domain::id::CustomerId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_record_of_the_first_form_is_read() {
        let credit = Credit { customer: CustomerId(Uuid::from_u128(7)), credited_before: true, share: None };
        let first = FirstRecord {
            at: Timestamp::from_millis(5),
            program_version: 3,
            events: vec![Event::Touched { modified_time: Timestamp::from_millis(4) }],
            effects: vec![credit.clone()],
        };
        let record =
            Record::<Sale>::decode(&codec::encode(1, &first)).expect("the first form is read for ever");
        assert_eq!((record.at, record.program_version), (first.at, 3));
        assert_eq!((record.events, record.effects), (first.events, vec![Effect::Credit(credit)]));
    }
}
