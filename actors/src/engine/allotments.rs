//! What all customers share: what has been taken of it, and what a start and an empty budget lead to.

use std::time::Duration;

use domain::{
    allotment::{Allotment, Amounts, Command},
    configuration::{Edit, Json, Operation},
    id::{AllotmentId, RuleTreeId},
};
use tokio::sync::mpsc;

use super::{EditError, Engine};
use crate::error::{AskError, EngineError};

/// How long a start waits for customers to say what they have used.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);

impl Engine {
    /// Pauses trees that have run out from now on, and finds out about what a crash has left open.
    pub(crate) async fn supervise_allotments(&self, exhausted: mpsc::UnboundedReceiver<RuleTreeId>) {
        self.pause_exhausted(exhausted);
        self.review_allotments().await;
    }

    /// What has been taken of something that all customers share: used, or reserved for a decision under way.
    pub async fn taken_of(&self, allotment: AllotmentId) -> Result<Amounts, EngineError> {
        self.look::<Allotment, _>(allotment.bytes(), |allotment, _, _| allotment.taken()).await
    }

    /// Finds out what has become of reservations that a crash has left open, so that what was never used is there for
    /// the first who come. What cannot be found out in time is found out later.
    async fn review_allotments(&self) {
        let program = self.program();
        let of_trees = program.trees().iter().filter_map(|tree| Some(tree.budget?.allotment));
        let of_sources = program.sources().iter().flat_map(|source| &source.shared_limits);
        let all: Vec<_> = of_trees.chain(of_sources.map(|limit| limit.allotment)).collect();
        let found_out = tokio::time::timeout(PATIENCE, async {
            for allotment in all {
                if let Err(error) = self.review(allotment).await {
                    tracing::warn!(%error, %allotment, "open reservations are not looked at");
                }
            }
        });
        if found_out.await.is_err() {
            tracing::warn!("some reservations of budgets are still open; they are looked at by and by");
        }
    }

    async fn review(&self, allotment: AllotmentId) -> Result<(), EngineError> {
        let id = allotment.bytes();
        while self.look::<Allotment, _>(id, |allotment, _, _| allotment.open()).await? > 0 {
            match self.ask::<Allotment>(id, Command::Review { allotment }).await {
                Ok(_) => {}
                Err(AskError::Engine(error)) => return Err(error),
                Err(AskError::Refused(never)) => match never {},
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// From now on trees that pause when their budget has run out are paused. When the process dies before one is, the
    /// next who meets its empty budget says so again.
    fn pause_exhausted(&self, mut exhausted: mpsc::UnboundedReceiver<RuleTreeId>) {
        const PAUSED: i64 = 1;
        let engine = self.clone();
        actix::spawn(async move {
            while let Some(tree) = exhausted.recv().await {
                if engine.program().tree(tree).is_none_or(|tree| !tree.live) {
                    continue;
                }
                let members = [("id", Some(Json::text(tree))), ("status", Some(Json::whole(PAUSED)))];
                let body = Json::object(members);
                let edit = Edit { operation: Operation::SetRuleTreeStatus, body, check_only: false };
                match engine.edit(edit).await {
                    Ok(_) => tracing::info!(%tree, "the budget has run out: the tree is paused"),
                    Err(EditError::Engine(EngineError::Draining)) => return,
                    Err(error) => tracing::error!(%tree, %error, "a tree whose budget has run out goes on"),
                }
            }
        });
    }
}
