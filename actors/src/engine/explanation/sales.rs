//! Why a sale gave what it gave: each version, and each member that it credited or credited no more.

use std::ops::ControlFlow;

use domain::{
    Timestamp,
    customer::{CreditSale, Customer, Event, Past},
    id::{CustomerId, SaleId},
    sale::{self, Revision, Sale},
};

use super::{Engine, ExplainedRecord};
use crate::{delivery::Delivery, error::EngineError, history, kinds::Durable, record::Record};

/// A sale with all its versions.
#[derive(Debug)]
pub struct ExplainedSale {
    /// The sale.
    pub id: SaleId,
    /// The versions, oldest first.
    pub versions: Vec<ExplainedVersion>,
}

/// A version of a sale.
#[derive(Debug)]
pub struct ExplainedVersion {
    /// Counts from 1.
    pub number: u32,
    /// What the till sent; none: it is not kept, because a member of the sale was erased.
    pub revision: Option<Revision>,
    /// When the sale counts as sold; none: it is not closed.
    pub business_time: Option<Timestamp>,
    /// Points were given for it, or taken back. One that is not closed, or too old, is not evaluated.
    pub evaluated: bool,
    /// Whom it credited, or credited no more.
    pub members: Vec<ExplainedMember>,
}

/// A member of a version.
#[derive(Debug)]
pub struct ExplainedMember {
    /// Who.
    pub customer: CustomerId,
    /// What came of it.
    pub state: MemberState,
}

/// What came of a version for a member.
#[derive(Debug)]
pub enum MemberState {
    /// It was booked; the place of its event in the record.
    Booked(usize, Box<ExplainedRecord>),
    /// It was not booked: it could not be worked out, or is on its way.
    NotBooked,
    /// The member was erased.
    Erased,
}

/// A version as it is kept.
pub(super) struct SaleVersion {
    revision: Revision,
    business_time: Option<Timestamp>,
    evaluated: bool,
    pub(super) credits: Vec<CreditSale>,
}

/// The records in which a member booked versions of a sale.
struct Booked {
    known: bool,
    records: Vec<(u32, usize, ExplainedRecord)>,
}

impl Engine {
    /// Why a sale gave what it gave, to all of its members or to `only` one; nothing when there is no such sale.
    pub async fn explain_sale(
        &self,
        id: SaleId,
        only: Option<CustomerId>,
    ) -> Result<Option<ExplainedSale>, EngineError> {
        let Some(sale) = self.load_sale(id)? else { return Ok(None) };
        let kept = self.sale_versions(id)?;
        let mut members: Vec<CustomerId> = sale.credited().to_vec();
        members.extend(kept.iter().flat_map(|version| &version.credits).map(|credit| credit.customer));
        members.sort_unstable();
        members.dedup();
        members.retain(|member| only.is_none_or(|only| only == *member));
        let mut versions: Vec<_> = kept.iter().map(ExplainedVersion::of).collect();
        for member in members {
            self.wait_for(member).await?;
            let engine = self.clone();
            let credits: Vec<_> = kept.iter().flat_map(|version| &version.credits).cloned().collect();
            let booked = tokio::task::spawn_blocking(move || engine.booked(member, id, &credits));
            let booked = booked.await.unwrap_or(Err(EngineError::Crashed))?;
            add_member(&mut versions, member, booked, &kept);
        }
        Ok(Some(ExplainedSale { id, versions }))
    }

    /// Every version that is still kept, oldest first.
    pub(super) fn sale_versions(&self, id: SaleId) -> Result<Vec<SaleVersion>, EngineError> {
        let mut versions: Vec<SaleVersion> = Vec::new();
        history::walk::<Sale>(self.inner.shared.store.as_ref(), id.bytes(), |record| {
            for event in &record.events {
                match event {
                    sale::Event::Revised { revision, business_time, credits } => versions.push(SaleVersion {
                        revision: revision.clone(),
                        business_time: *business_time,
                        evaluated: credits.is_some(),
                        credits: credits_of(&record),
                    }),
                    // What was before is kept nowhere, though it may still be on disk.
                    sale::Event::MemberForgotten(after) => {
                        versions.clear();
                        versions.extend(after.current().map(|current| SaleVersion {
                            revision: current.clone(),
                            business_time: after.business_time(),
                            evaluated: !after.credited().is_empty(),
                            credits: Vec::new(),
                        }));
                    }
                    sale::Event::Touched { .. } | sale::Event::StaleIgnored { .. } => {}
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(versions)
    }

    /// What a member has booked of a sale.
    fn booked(
        &self,
        member: CustomerId,
        sale: SaleId,
        credits: &[CreditSale],
    ) -> Result<Booked, EngineError> {
        let (mut past, mut found) = (Past::default(), Ok(Vec::new()));
        history::walk::<Customer>(self.inner.shared.store.as_ref(), member.bytes(), |record| {
            if record.events.iter().any(Customer::forgets_past) {
                found = Ok(Vec::new());
            }
            let of_sale = |event: &Event| match event {
                Event::SaleCredited(credited) if credited.sale == sale => Some(credited.revision),
                _ => None,
            };
            let mut places = record.events.iter().enumerate();
            let booked = places.find_map(|(place, event)| Some((place, of_sale(event)?)));
            let before = booked.map(|booked| (booked, past.clone()));
            record.events.iter().for_each(|event| past.apply(event));
            let Some(((place, revision), before)) = before else { return ControlFlow::Continue(()) };
            let own = |credit: &&CreditSale| credit.customer == member && credit.revision == revision;
            let explained = self.explain_record(member, &before, record, credits.iter().find(own));
            match (&mut found, explained) {
                (Ok(found), Ok(explained)) => found.push((revision, place, explained)),
                (_, Err(error)) => found = Err(error),
                (Err(_), _) => {}
            }
            if found.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(Booked { known: past.is_known(), records: found? })
    }
}

fn credits_of(record: &Record<Sale>) -> Vec<CreditSale> {
    let credit = |delivery| match delivery {
        Delivery::Customer(_, domain::customer::Command::CreditSale(credit)) => Some(*credit),
        Delivery::Customer(..)
        | Delivery::Claim(..)
        | Delivery::Sale(..)
        | Delivery::Tombstone(..)
        | Delivery::Allotment(..) => None,
    };
    record.deliveries().into_iter().filter_map(credit).collect()
}

/// Notes what a member has booked with the versions; one that is not kept any more is added without what was sold.
fn add_member(
    versions: &mut Vec<ExplainedVersion>,
    customer: CustomerId,
    Booked { known, records }: Booked,
    kept: &[SaleVersion],
) {
    for (number, place, record) in records {
        let state = MemberState::Booked(place, Box::new(record));
        version_of(versions, number).members.push(ExplainedMember { customer, state });
    }
    let told = kept.iter().filter(|version| version.credits.iter().any(|credit| credit.customer == customer));
    for number in told.map(|version| version.revision.number) {
        let version = version_of(versions, number);
        if version.members.iter().all(|member| member.customer != customer) {
            let state = if known { MemberState::NotBooked } else { MemberState::Erased };
            version.members.push(ExplainedMember { customer, state });
        }
    }
}

fn version_of(versions: &mut Vec<ExplainedVersion>, number: u32) -> &mut ExplainedVersion {
    let place = versions.iter().position(|known| known.number >= number).unwrap_or(versions.len());
    if versions.get(place).is_none_or(|known| known.number != number) {
        let (revision, business_time, evaluated, members) = (None, None, true, Vec::new());
        versions.insert(place, ExplainedVersion { number, revision, business_time, evaluated, members });
    }
    &mut versions[place]
}

impl ExplainedVersion {
    fn of(kept: &SaleVersion) -> Self {
        Self {
            number: kept.revision.number,
            revision: Some(kept.revision.clone()),
            business_time: kept.business_time,
            evaluated: kept.evaluated,
            members: Vec::new(),
        }
    }
}
