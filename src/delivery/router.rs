//! Gives each line to its lane. Owns the order of lines that belong to several lanes.

use super::{
    Batches, DeliveryError,
    lane::{Handle, LaneGone},
    work::{Job, Owner},
};

/// Hands out all lines, then lets go of the lanes so that they finish.
///
/// # Errors
/// The source failed. That a lane has ended early is no error of the router's: the lane tells why.
pub(super) async fn route(mut batches: Batches, mut lanes: Vec<Handle>) -> Result<(), DeliveryError> {
    while let Some(batch) = batches.recv().await {
        for job in batch? {
            if let Err(LaneGone) = hand(job, &mut lanes).await {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn hand(job: Job, lanes: &mut [Handle]) -> Result<(), LaneGone> {
    let lane_of = |member: u64| {
        let lanes = u64::try_from(lanes.len()).expect("the number of lanes fits 64 bits");
        usize::try_from(member % lanes).expect("the remainder is the number of a lane")
    };
    let mut own = match &job.owner {
        Owner::One(member) => vec![lane_of(*member)],
        Owner::Several(members) => members.iter().map(|member| lane_of(*member)).collect(),
    };
    own.sort_unstable();
    own.dedup();
    match own.as_slice() {
        [] => unreachable!("a line of several members has members"),
        [one] => lanes[*one].hand(job).await,
        [first, ..] => {
            for lane in &own {
                lanes[*lane].settled().await?;
            }
            lanes[*first].hand(job).await?;
            lanes[*first].settled().await
        }
    }
}
