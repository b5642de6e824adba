//! What clients do: a list of wishes for each, from the seed. A wish becomes a request when its turn comes, by what is
//! there then.

pub mod client;
pub mod perform;
pub mod request;

use crate::{program::PAYERS_MAX, schedule::Choices};
use request::Way;

/// What a client wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Create a member.
    Create {
        /// By number; several clients may try the same.
        member: usize,
    },
    /// Give a member another e-mail address.
    Rename {
        /// Who.
        member: usize,
    },
    /// Send a version of a sale.
    Sell {
        /// Which sale.
        sale: usize,
        /// Who pays, and how many cents each.
        payers: [Option<(usize, i64)>; PAYERS_MAX],
        /// How many hours ago it was changed.
        hours_ago: i64,
        /// It is cancelled.
        voided: bool,
        /// Which way it goes in.
        way: Way,
    },
    /// Have a sale looked at again.
    Replay {
        /// Which sale.
        sale: usize,
    },
    /// Merge a member into another one.
    Merge {
        /// Whose everything goes over.
        from: usize,
        /// To whom.
        to: usize,
    },
    /// Give points.
    Deposit {
        /// To whom.
        member: usize,
        /// How many.
        points: i64,
        /// Out of the source with an inventory.
        scarce: bool,
        /// Under a key, so that it can be repeated.
        keyed: bool,
    },
    /// Take points.
    Spend {
        /// Of whom.
        member: usize,
        /// How many.
        points: i64,
        /// Also when there are not so many.
        force: bool,
    },
    /// Move points from one member to another.
    Transfer {
        /// Whose.
        from: usize,
        /// For whom.
        to: usize,
        /// How many.
        points: i64,
    },
    /// Report a survey.
    Survey {
        /// Whose.
        member: usize,
    },
    /// Erase a member.
    Erase {
        /// Who.
        member: usize,
    },
    /// Switch the season's tree on or off.
    Switch {
        /// On.
        live: bool,
    },
    /// Have what is due done to everybody, or have everybody's level reviewed.
    Job {
        /// The former.
        expiration: bool,
    },
    /// Let a member's actor stop on a panic.
    Crash {
        /// Whose.
        member: usize,
    },
    /// Have a checkpoint made.
    Checkpoint,
    /// Move the clock.
    Advance {
        /// By so many hours.
        hours: i64,
    },
    /// Set the clock back, as a machine's clock may be.
    SetBack {
        /// By so many minutes.
        minutes: i64,
    },
    /// Look at a member.
    Look {
        /// Who.
        member: usize,
    },
    /// Look for the sales of a store.
    Find {
        /// Which store.
        store: usize,
    },
}

/// How large a run is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Members.
    pub members: usize,
    /// Sales, each with some versions.
    pub sales: usize,
    /// Clients.
    pub clients: usize,
    /// Wishes of all clients together, besides the creation of members.
    pub wishes: usize,
}

impl Size {
    /// The size of a run.
    pub fn chosen(choices: &mut Choices) -> Self {
        Self {
            members: 2 + choices.below(7),
            sales: 4 + choices.below(30),
            clients: 2 + choices.below(5),
            wishes: choices.one_of(&[30, 60, 100, 160, 240]),
        }
    }
}

/// The wishes of all clients.
pub fn wishes(choices: &mut Choices, size: Size) -> Vec<Vec<Wish>> {
    let mut clients = vec![Vec::new(); size.clients];
    for member in 0..size.members {
        let first = choices.below(size.clients);
        clients[first].push(Wish::Create { member });
        if choices.percent(30) {
            let other = choices.below(size.clients);
            clients[other].push(Wish::Create { member });
        }
    }
    for _ in 0..size.wishes {
        let client = choices.below(size.clients);
        let wish = wish(choices, size);
        clients[client].push(wish);
    }
    clients
}

fn wish(choices: &mut Choices, size: Size) -> Wish {
    let member = choices.below(size.members);
    match choices.below(100) {
        0..30 => sell(choices, size),
        30..31 => Wish::Replay { sale: choices.below(size.sales) },
        31..32 => Wish::Merge { from: member, to: choices.below(size.members) },
        32..33 => Wish::Job { expiration: choices.percent(50) },
        33..34 => Wish::Crash { member },
        34..46 => Wish::Deposit {
            member,
            points: choices.between(1, 40),
            scarce: choices.percent(40),
            keyed: choices.percent(75),
        },
        46..56 => Wish::Spend { member, points: choices.between(1, 60), force: choices.percent(30) },
        56..64 => {
            Wish::Transfer { from: member, to: choices.below(size.members), points: choices.between(1, 30) }
        }
        64..70 => Wish::Survey { member },
        70..79 => Wish::Look { member },
        82..83 if choices.percent(30) => {
            Wish::SetBack { minutes: choices.one_of(&[1, 30, 600, 3 * 24 * 60]) }
        }
        79..83 => Wish::Checkpoint,
        83..89 => Wish::Advance { hours: choices.one_of(&[1, 5, 24, 24 * 8, 24 * 31]) },
        89..92 => Wish::Rename { member },
        92..94 => Wish::Erase { member },
        94..95 => Wish::Create { member },
        95..98 => Wish::Switch { live: choices.percent(50) },
        _ => Wish::Find { store: choices.below(2) },
    }
}

fn sell(choices: &mut Choices, size: Size) -> Wish {
    let first = choices.below(size.members);
    let second = choices.below(size.members);
    let cents = |choices: &mut Choices| choices.between(0, 8000);
    let mut payers = [Some((first, cents(choices))), None];
    if choices.percent(30) && second != first {
        payers[1] = Some((second, cents(choices)));
    }
    Wish::Sell {
        sale: choices.below(size.sales),
        payers,
        hours_ago: choices.between(0, 40),
        voided: choices.percent(10),
        way: if choices.percent(75) { Way::Till } else { Way::Service },
    }
}
