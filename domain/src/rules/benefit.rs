//! What the trees of a tier level give for entering it, or for staying in it (incentives.md 8.3, 8.4).

use super::{Evaluation, Scene, Standing, evaluate::Passing, lines::LineSet, run::settle_all};
use crate::{
    program::{Program, RuleTree},
    time::Timestamp,
};

impl Program {
    /// What these trees give. Whether they hold has been seen to before: a level that is skipped, or entered by hand,
    /// gives what it gives without. Events that they publish are named among the actions and happen afterwards.
    pub fn level_outcomes(&self, trees: &[&RuleTree], standing: &Standing<'_>, at: Timestamp) -> Evaluation {
        let scene = Scene { program: self, time: at, ticket: None, event: None, standing, counted: &[] };
        let (mut passing, mut failed) = (Passing::of(trees.len()), Vec::new());
        for tree in trees {
            if passing.grant(tree, &scene, LineSet::NONE).is_err() {
                failed.push(tree.id);
            }
        }
        let evaluation = settle_all(&mut passing, at, &mut failed);
        Evaluation { failed, ..evaluation }
    }
}
