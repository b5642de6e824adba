//! Everything that can be seen of an engine in which nothing is under way.

use std::{collections::BTreeMap, time::Duration};

use actors::{Engine, EngineError, Kind, SaleDate, SaleFilter, SaleQuery, SaleSort, SortDirection};
use domain::{
    Points, Timestamp,
    allotment::Amounts,
    customer::{AuditRow, EventTriggered, Identity},
    id::{CustomerId, JobId, PointAccountId, SaleId, TierLevelId},
    identifier::Identifier,
    job::Stage,
    sale::Sale,
};
use store::EntityKey;

use super::Model;
use crate::{
    program::{self, Shop},
    report::{Violation, hold},
    workload::{perform::Told, request::Request},
};

/// How often something is asked that the engine cannot answer just now.
const TRIES: usize = 400;
const WAIT: Duration = Duration::from_millis(10);

/// What there is to see.
#[derive(Debug)]
pub struct Sight {
    /// The program's bounds.
    pub shop: Shop,
    /// The process has just started.
    pub is_start: bool,
    /// The version of the program in force.
    pub version: u32,
    /// Who has which identifier.
    pub holders: BTreeMap<Identifier, Option<CustomerId>>,
    /// Everybody who is there.
    pub customers: BTreeMap<CustomerId, Member>,
    /// Every sale that was ever sent.
    pub sales: BTreeMap<SaleId, Option<Sale>>,
    /// The rows of those who are gone.
    pub buried: BTreeMap<CustomerId, Vec<AuditRow>>,
    /// The sales of each store, as the index has them, in order of their opening.
    pub lines: Vec<Vec<SaleId>>,
    /// The members of each level, as the index has them.
    pub levels: BTreeMap<TierLevelId, Vec<CustomerId>>,
    /// What is taken of the budget, and of the inventory.
    pub budget: Amounts,
    /// See `budget`.
    pub inventory: Amounts,
}

/// A customer.
#[derive(Debug)]
pub struct Member {
    /// Who it is.
    pub identity: Identity,
    /// Each account.
    pub accounts: Vec<Account>,
    /// The levels held.
    pub levels: Vec<TierLevelId>,
    /// Its rows.
    pub rows: Vec<AuditRow>,
    /// Its events.
    pub events: Vec<EventTriggered>,
}

/// An account of a customer.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// Which.
    pub account: PointAccountId,
    /// What can be spent.
    pub available: Points,
    /// What was taken beyond the lots.
    pub overdraft: Points,
    /// What remains of the lots.
    pub lots: Points,
}

/// Asks until there is an answer.
async fn steady<R>(ask: impl AsyncFn() -> Result<R, EngineError>) -> Result<R, Violation> {
    let mut last = None;
    for _ in 0..TRIES {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(WAIT).await;
    }
    Err(Violation::silence(format!("the engine does not come back: {last:?}")))
}

/// Waits until the jobs are done.
async fn done(engine: &Engine, jobs: &[JobId]) -> Result<(), Violation> {
    for &job in jobs {
        let is_done = steady(async || {
            let look = engine.read_job(job, |job, _, _| matches!(job.stage(), Some(Stage::Done { .. })));
            match look.await? {
                Some(false) => Err(EngineError::Overloaded),
                seen => Ok(seen.is_some()),
            }
        });
        hold!(is_done.await?, "job {job} was begun and is not there");
    }
    Ok(())
}

/// Waits until nothing is under way.
pub async fn quiet(engine: &Engine, known: &Known) -> Result<(), Violation> {
    done(engine, &known.jobs).await?;
    const BUSY: [&str; 3] =
        ["laurel_effects_under_way", "laurel_answers_waiting", "laurel_journal_queue_records"];
    let busy = || engine.gauges().into_iter().filter(|(name, count)| BUSY.contains(name) && *count > 0);
    for _ in 0..TRIES {
        if busy().next().is_none() {
            let left = steady(async || engine.settle_due().await).await?;
            if left == 0 && busy().next().is_none() {
                return Ok(());
            }
        }
        tokio::time::sleep(WAIT).await;
    }
    Err(Violation::silence(format!("what is under way never arrives: {:?}", busy().collect::<Vec<_>>())))
}

impl Sight {
    /// Looks at everything that is known of.
    pub async fn of(
        engine: &Engine,
        known: Known,
        (shop, is_start): (Shop, bool),
    ) -> Result<Self, Violation> {
        let (budget, inventory) = (program::budget(), program::inventory(&engine.program()));
        let mut sight = Self {
            shop,
            is_start,
            version: engine.program().version(),
            budget: steady(async || engine.taken_of(budget).await).await?,
            inventory: steady(async || engine.taken_of(inventory).await).await?,
            holders: BTreeMap::new(),
            customers: BTreeMap::new(),
            sales: BTreeMap::new(),
            buried: BTreeMap::new(),
            lines: Vec::new(),
            levels: BTreeMap::new(),
        };
        for identifier in known.identifiers {
            let holder = steady(async || engine.find_customer(&identifier).await).await?;
            sight.holders.insert(identifier, holder);
        }
        for level in program::levels() {
            let page = steady(async || engine.tier_members(level, 0, usize::MAX).await).await?;
            hold!(page.total == page.members.len(), "level {level} has {} members", page.total);
            sight.levels.insert(level, page.members.into_iter().map(|(customer, _)| customer).collect());
        }
        sight.see_customers(engine, &known.customers).await?;
        for sale in known.sales {
            sight.sales.insert(sale, steady(async || engine.sale(sale).await).await?);
        }
        for place in 0..program::STORES.len() {
            sight.lines.push(line(engine, place).await?);
        }
        for (request, known) in known.erasures {
            let erasure = steady(async || engine.erasure(&request).await).await?;
            let told = known.is_none_or(|known| erasure.is_some_and(|erasure| erasure.tombstone == known));
            hold!(told, "{request} was answered {known:?}, and is {erasure:?}");
            let Some(erasure) = erasure else { continue };
            let rows = steady(async || engine.buried(erasure.tombstone).await).await?;
            let rows = rows.ok_or_else(|| Violation::of(format!("nobody is buried by {erasure:?}")))?;
            sight.buried.insert(erasure.tombstone, rows);
        }
        Ok(sight)
    }

    async fn see_customers(&mut self, engine: &Engine, created: &[CustomerId]) -> Result<(), Violation> {
        let known = self.holders.values().flatten().copied();
        let known = known.chain(self.levels.values().flatten().copied()).chain(created.iter().copied());
        let known: std::collections::BTreeSet<_> = known.collect();
        for customer in known {
            if let Some(member) = Member::of(engine, customer).await? {
                self.customers.insert(customer, member);
            }
        }
        Ok(())
    }
}

impl Member {
    async fn of(engine: &Engine, id: CustomerId) -> Result<Option<Self>, Violation> {
        let seen = steady(async || {
            let look = engine.read_customer(id, |customer, program, now| {
                let accounts = customer.ledger().accounts().iter().map(|account| Account {
                    account: account.account,
                    available: customer.available(account.account, program, now),
                    overdraft: account.overdraft,
                    lots: Points::sum(
                        account.lots().iter().map(|lot| lot.remaining).chain(account.left_out()),
                    )
                    .unwrap_or(Points::ZERO),
                });
                let levels = customer.tiers().iter().map(|tier| tier.level).collect();
                customer.identity().cloned().map(|identity| (identity, accounts.collect(), levels))
            });
            look.await
        });
        let log = |log: Option<domain::customer::AuditLog>| log.map(|log| log.into_rows());
        let (seen, rows) = (seen.await?.flatten(), log(steady(async || engine.audit_log(id).await).await?));
        let events = steady(async || engine.user_events(id).await).await?;
        match (seen, rows, events) {
            (Some((identity, accounts, levels)), Some(rows), Some(events)) => {
                Ok(Some(Self { identity, accounts, levels, rows, events }))
            }
            (None, None, None) => Ok(None),
            (seen, rows, events) => Err(Violation::of(format!(
                "of customer {id} the state is there: {}, the rows: {}, the events: {}",
                seen.is_some(),
                rows.is_some(),
                events.is_some()
            ))),
        }
    }
}

/// The sales of a store, as the index has them, in order of their opening.
pub async fn line(engine: &Engine, place: usize) -> Result<Vec<SaleId>, Violation> {
    let query = SaleQuery {
        stores: vec![program::store(place)],
        date_field: SaleDate::Opened,
        from: Timestamp::MIN,
        to: Timestamp::MAX,
        filter: SaleFilter::default(),
        sort: SaleSort::Opened,
        direction: SortDirection::Ascending,
        skip: 0,
        take: usize::MAX,
        after: None,
    };
    let page = steady(async || engine.find_sales(query.clone()).await).await?;
    hold!(
        page.total == page.sales.len(),
        "{} sales are in the index, {} are there",
        page.total,
        page.sales.len()
    );
    Ok(page.sales.iter().filter_map(|sale| sale.current()).map(|current| current.id).collect())
}

/// What to look at.
pub struct Known {
    /// Every identifier that was ever asked for.
    identifiers: Vec<Identifier>,
    /// Everybody who was created, as far as it was answered.
    customers: Vec<CustomerId>,
    /// Every sale that was ever sent.
    sales: Vec<SaleId>,
    /// The jobs that were begun, as far as it was answered.
    jobs: Vec<JobId>,
    /// The requests for erasures, with the tombstones that were answered.
    erasures: Vec<(String, Option<CustomerId>)>,
}

impl Known {
    /// The customers and sales among it.
    pub fn entities(&self) -> Vec<EntityKey> {
        let customers = self.customers.iter().map(|id| Kind::Customer.key(id.bytes()));
        customers.chain(self.sales.iter().map(|id| Kind::Sale.key(id.bytes()))).collect()
    }
}

impl Model {
    /// What there is to look at.
    pub fn known(&self) -> Known {
        Known {
            identifiers: self.identifiers(),
            customers: self.created(),
            sales: self.sales_sent().into_keys().collect(),
            jobs: self.jobs(),
            erasures: self.erasures_asked(),
        }
    }

    /// Every identifier that was ever asked for.
    fn identifiers(&self) -> Vec<Identifier> {
        let mut all: Vec<_> = self
            .asked
            .values()
            .flat_map(|asked| match &asked.request {
                Request::Create { profile, .. } => profile.unique_identifiers(),
                Request::Rename { email, .. } => vec![Identifier::email(email)],
                _ => Vec::new(),
            })
            .collect();
        all.sort();
        all.dedup();
        all
    }

    fn jobs(&self) -> Vec<JobId> {
        let begun = self.asked.values().filter_map(|asked| match asked.told {
            Some(Told::Begun(job)) => Some(job),
            _ => None,
        });
        begun.collect()
    }

    fn created(&self) -> Vec<CustomerId> {
        let created = self.asked.values().filter_map(|asked| match asked.told {
            Some(Told::Created(id)) => Some(id),
            _ => None,
        });
        created.collect()
    }

    /// The requests for erasures, with the tombstones that were answered.
    fn erasures_asked(&self) -> Vec<(String, Option<CustomerId>)> {
        let asked = self.asked.values().filter_map(|asked| match (&asked.request, &asked.told) {
            (Request::Erase { request, .. }, Some(Told::Erased(tombstone))) => {
                Some((request.clone(), Some(*tombstone)))
            }
            (Request::Erase { request, .. }, _) => Some((request.clone(), None)),
            _ => None,
        });
        asked.collect()
    }
}
