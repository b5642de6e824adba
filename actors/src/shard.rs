//! A shard: one thread's worth of entities. Routes work to their actors, hands over effects, releases answers, lets
//! idle actors go, and replaces those that crashed.

use std::{rc::Rc, sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, Message, WrapFuture};
use domain::{
    allotment::Allotment, configuration::Configuration, customer::Customer, identifier::Claim, job::Job,
    sale::Sale, standup::Standup, tombstone::Tombstone,
};
use store::{Epoch, Lsn};

use crate::{
    delivery::{Delivery, Parcel},
    dispatcher::Dispatcher,
    entity_actor::{Command, For, View, Work},
    error::EngineError,
    kinds::{Durable, Kind},
    residents::Residents,
    shard_context::{Common, Shared},
};

/// How much work may wait at a shard before callers are refused.
pub const SHARD_MAILBOX: usize = 16_384;
/// Sales, claims and configurations are not kept; the bound only matters while they are at work.
const UNBOUNDED: usize = usize::MAX;
/// How long what could not be read is left alone.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// One thread's worth of entities.
pub struct Shard {
    common: Rc<Common>,
    customers: Residents<Customer>,
    sales: Residents<Sale>,
    claims: Residents<Claim>,
    configurations: Residents<Configuration>,
    jobs: Residents<Job>,
    tombstones: Residents<Tombstone>,
    allotments: Residents<Allotment>,
    standups: Residents<Standup>,
    gauges: Arc<ShardGauges>,
    /// It will be looked soon whether those who could not be read can be.
    is_looking_again: bool,
}

/// Sizes of a shard, for the metrics.
#[derive(Debug, Default)]
pub struct ShardGauges {
    /// Actors in memory.
    pub resident: std::sync::atomic::AtomicU64,
    /// Answers that wait for durability.
    pub pending: std::sync::atomic::AtomicU64,
}

impl Shard {
    /// A shard with nobody on it.
    pub fn new(
        shared: Shared,
        shard: u16,
        durable: Lsn,
        customers_max: usize,
        gauges: Arc<ShardGauges>,
    ) -> Self {
        Self {
            common: Rc::new(Common::new(shared, shard, durable)),
            customers: Residents::new(customers_max),
            sales: Residents::new(UNBOUNDED),
            claims: Residents::new(UNBOUNDED),
            configurations: Residents::new(UNBOUNDED),
            jobs: Residents::new(UNBOUNDED),
            tombstones: Residents::new(UNBOUNDED),
            allotments: Residents::new(UNBOUNDED),
            standups: Residents::new(UNBOUNDED),
            gauges,
            is_looking_again: false,
        }
    }

    fn revive(&mut self, context: &mut Context<Self>) {
        let (shard, common) = (context.address(), &self.common);
        self.customers.revive(common, &shard);
        self.sales.revive(common, &shard);
        self.claims.revive(common, &shard);
        self.configurations.revive(common, &shard);
        self.jobs.revive(common, &shard);
        self.tombstones.revive(common, &shard);
        self.allotments.revive(common, &shard);
        self.standups.revive(common, &shard);
        self.look_again(context);
    }

    /// Sees to it that effects whose receivers cannot be read just now arrive when they can be.
    fn look_again(&mut self, context: &mut Context<Self>) {
        if self.is_looking_again {
            return;
        }
        let durable = self.common.durable();
        // Only these kinds receive effects.
        let waits = self.customers.waits(durable)
            || self.sales.waits(durable)
            || self.claims.waits(durable)
            || self.tombstones.waits(durable)
            || self.allotments.waits(durable);
        if waits {
            self.is_looking_again = true;
            context.run_later(READ_AGAIN_AFTER, |shard, context| {
                shard.is_looking_again = false;
                shard.revive(context);
            });
        }
    }

    fn measure(&self) {
        use std::sync::atomic::Ordering::Relaxed;
        let resident = self.customers.len()
            + self.sales.len()
            + self.claims.len()
            + self.configurations.len()
            + self.jobs.len()
            + self.tombstones.len()
            + self.allotments.len()
            + self.standups.len();
        self.gauges.resident.store(u64::try_from(resident).unwrap_or(u64::MAX), Relaxed);
        let pending = self.common.pending.borrow().len();
        self.gauges.pending.store(u64::try_from(pending).unwrap_or(u64::MAX), Relaxed);
    }
}

impl Actor for Shard {
    type Context = Context<Self>;
}

/// The residents of a kind.
pub trait Hosts<E: Durable>
where
    Parcel: For<E>,
{
    /// They, and what they share.
    fn residents(&mut self) -> (&mut Residents<E>, &Rc<Common>);
}

macro_rules! hosts {
    ($($entity:ty => $field:ident),+ $(,)?) => {$(
        impl Hosts<$entity> for Shard {
            fn residents(&mut self) -> (&mut Residents<$entity>, &Rc<Common>) {
                (&mut self.$field, &self.common)
            }
        }
    )+};
}

hosts!(Customer => customers, Sale => sales, Claim => claims, Configuration => configurations,
    Allotment => allotments, Job => jobs, Tombstone => tombstones, Standup => standups);

/// A command for an entity of this shard.
pub struct Ask<E: Durable> {
    pub id: [u8; 16],
    pub command: Command<E>,
}

/// A look at an entity of this shard.
pub struct Look<E: Durable> {
    pub id: [u8; 16],
    pub view: Box<dyn View<E>>,
}

/// Effects for entities of this shard, in journal order.
pub struct Deliver(pub Vec<Parcel>);

/// Everything up to here is durable.
pub struct Durables {
    pub through: Lsn,
}

/// Everything not yet durable is lost.
pub struct NewEpoch(pub Epoch);

/// What is not durable is lost, and how things stand cannot be read yet: who waits is told, and after a while the
/// dispatcher looks again.
pub struct Unread {
    /// Who looks; nobody: another shard sees to that.
    pub again: Option<(Arc<Dispatcher>, Epoch)>,
}

/// Stand still for so long.
pub struct HoldUp(pub Duration);

/// Nothing: when it is answered, everything that was decided on this shard before has been queued for the journal.
pub struct Passed;

/// An entity's actor has stopped on a panic.
pub struct Crashed {
    pub kind: Kind,
    pub id: [u8; 16],
    /// The epoch it lived in: one of an earlier epoch has been replaced already.
    pub epoch: Epoch,
}

impl<E: Durable> Message for Ask<E> {
    type Result = ();
}

impl<E: Durable> Message for Look<E> {
    type Result = ();
}

impl Message for Deliver {
    type Result = ();
}

impl Message for Passed {
    type Result = ();
}

impl Message for Durables {
    type Result = ();
}

impl Message for NewEpoch {
    type Result = ();
}

impl Message for Unread {
    type Result = ();
}

impl Message for HoldUp {
    type Result = ();
}

impl Message for Crashed {
    type Result = ();
}

impl<E: Durable> Handler<Ask<E>> for Shard
where
    Parcel: For<E>,
    Self: Hosts<E>,
{
    type Result = ();

    fn handle(&mut self, ask: Ask<E>, context: &mut Context<Self>) {
        let shard = context.address();
        let (residents, common) = self.residents();
        let common = Rc::clone(common);
        if let Err((Work::Command(Command { answer, .. }), error)) =
            residents.send(ask.id, Work::Command(ask.command), &common, &shard)
        {
            let _ = answer.send(Err(error.into()));
        }
    }
}

impl<E: Durable> Handler<Look<E>> for Shard
where
    Parcel: For<E>,
    Self: Hosts<E>,
{
    type Result = ();

    fn handle(&mut self, look: Look<E>, context: &mut Context<Self>) {
        let shard = context.address();
        let (residents, common) = self.residents();
        let common = Rc::clone(common);
        if let Err((Work::Read(view), error)) =
            residents.send(look.id, Work::Read(look.view), &common, &shard)
        {
            view.refuse(error);
        }
        residents.make_room(common.durable());
    }
}

impl Handler<Deliver> for Shard {
    type Result = ();

    fn handle(&mut self, Deliver(parcels): Deliver, context: &mut Context<Self>) {
        let shard = context.address();
        let common = Rc::clone(&self.common);
        for parcel in parcels {
            let id = parcel.delivery.receiver().id;
            match &parcel.delivery {
                Delivery::Customer(..) => self.customers.deliver(id, parcel, &common, &shard),
                Delivery::Claim(..) => self.claims.deliver(id, parcel, &common, &shard),
                Delivery::Sale(..) => self.sales.deliver(id, parcel, &common, &shard),
                Delivery::Tombstone(..) => self.tombstones.deliver(id, parcel, &common, &shard),
                Delivery::Allotment(..) => self.allotments.deliver(id, parcel, &common, &shard),
            }
        }
        self.look_again(context);
    }
}

impl Handler<Passed> for Shard {
    type Result = ();

    fn handle(&mut self, Passed: Passed, _: &mut Context<Self>) {}
}

impl Handler<Durables> for Shard {
    type Result = ();

    fn handle(&mut self, Durables { through }: Durables, context: &mut Context<Self>) {
        // Word of a commit from before a failure may come after the failure's: it says nothing new.
        if through > self.common.durable() {
            self.common.pending.borrow_mut().release(through);
        }
        self.customers.passivate(through);
        self.sales.passivate(through);
        self.claims.passivate(through);
        self.jobs.passivate(through);
        self.tombstones.passivate(through);
        self.standups.passivate(through);
        self.revive(context);
        self.measure();
    }
}

impl Handler<NewEpoch> for Shard {
    type Result = ();

    fn handle(&mut self, NewEpoch(epoch): NewEpoch, _: &mut Context<Self>) {
        self.customers.clear();
        self.sales.clear();
        self.claims.clear();
        self.configurations.clear();
        self.jobs.clear();
        self.tombstones.clear();
        self.allotments.clear();
        self.standups.clear();
        self.common.enter(epoch);
        self.measure();
    }
}

impl Handler<Unread> for Shard {
    type Result = ();

    fn handle(&mut self, Unread { again }: Unread, context: &mut Context<Self>) {
        self.common.pending.borrow_mut().fail(EngineError::Unavailable);
        if let Some((dispatcher, epoch)) = again {
            context.run_later(READ_AGAIN_AFTER, move |_, _| dispatcher.enter(epoch));
        }
    }
}

impl Handler<HoldUp> for Shard {
    type Result = ();

    fn handle(&mut self, HoldUp(pause): HoldUp, context: &mut Context<Self>) {
        context.wait(tokio::time::sleep(pause).into_actor(self));
    }
}

impl Handler<Crashed> for Shard {
    type Result = ();

    fn handle(&mut self, Crashed { kind, id, epoch }: Crashed, context: &mut Context<Self>) {
        if epoch != self.common.epoch() {
            return;
        }
        match kind {
            Kind::Customer => self.customers.crashed(id),
            Kind::Sale => self.sales.crashed(id),
            Kind::Claim => self.claims.crashed(id),
            Kind::Configuration => self.configurations.crashed(id),
            Kind::Job => self.jobs.crashed(id),
            Kind::Tombstone => self.tombstones.crashed(id),
            Kind::Allotment => self.allotments.crashed(id),
            Kind::Standup => self.standups.crashed(id),
        }
        self.revive(context);
    }
}

macro_rules! receives {
    ($($delivery:ident => $command:ty, $entity:ty;)+) => {$(
        impl For<$entity> for Parcel {
            fn command(&self) -> Option<&$command> {
                let Delivery::$delivery(_, command) = &self.delivery else { return None };
                Some(command)
            }
        }
    )+};
}

receives! {
    Customer => domain::customer::Command, Customer;
    Claim => domain::identifier::Command, Claim;
    Sale => domain::sale::Command, Sale;
    Tombstone => domain::tombstone::Command, Tombstone;
    Allotment => domain::allotment::Command, Allotment;
}

impl For<Configuration> for Parcel {
    fn command(&self) -> Option<&domain::configuration::Command> {
        None
    }
}

impl For<Job> for Parcel {
    fn command(&self) -> Option<&domain::job::Command> {
        None
    }
}

impl For<Standup> for Parcel {
    fn command(&self) -> Option<&domain::standup::Command> {
        None
    }
}
