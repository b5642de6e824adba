//! A program on trial: with rule trees live that are not, for one question (incentives.md 7.15).

use std::collections::HashMap;

use super::{Configuration, Error, Json, ObjectKind, Refusal, editor::Editor, trees};
use crate::{
    entity::Context,
    id::RuleTreeId,
    program::{Problem, Program},
};

impl Configuration {
    /// The program in force with these trees of the configuration live, whatever their status, and with these drafts
    /// on top; `context` lends new ids. Problems are named by `tree_ids[n]` and `draft_rule_trees[n]`.
    pub fn trial(
        &self,
        named: &[RuleTreeId],
        drafts: &[Json],
        context: &Context<'_>,
    ) -> Result<Program, Error> {
        let mut editor = Editor::new(self, context);
        let mut labels = HashMap::new();
        for (place, tree) in named.iter().enumerate() {
            trees::try_out(&mut editor, tree.0)?;
            let known = editor.objects().position(ObjectKind::RuleTree, tree.0);
            let known = known.ok_or(Refusal::NotFound(ObjectKind::RuleTree))?;
            labels.insert(known, format!("tree_ids[{place}]"));
        }
        let mut problems = Vec::new();
        for (place, draft) in drafts.iter().enumerate() {
            let label = format!("draft_rule_trees[{place}]");
            let (kind, id) = trees::validate(&mut editor, draft)?;
            problems.extend(editor.take_problems().into_iter().map(|problem| under(&label, problem)));
            if let Some(known) = editor.objects().position(kind, id) {
                labels.insert(known, label);
            }
        }
        if !problems.is_empty() {
            return Err(Error::Problems(problems));
        }
        let compiled = self.compile_with(self.version, editor.objects(), Some(context.program));
        compiled.map_err(|problems| {
            Error::Problems(problems.into_iter().map(|problem| seen_from_outside(problem, &labels)).collect())
        })
    }
}

fn under(label: &str, problem: Problem) -> Problem {
    let path = if problem.path.is_empty() { label.to_owned() } else { format!("{label}.{}", problem.path) };
    Problem { path, ..problem }
}

/// A problem with the path as the caller sees it.
fn seen_from_outside(problem: Problem, labels: &HashMap<usize, String>) -> Problem {
    let inside = problem.path.strip_prefix("rule_trees[").and_then(|rest| rest.split_once(']'));
    let label = inside.and_then(|(place, rest)| Some((labels.get(&place.parse().ok()?)?, rest)));
    match label {
        Some((label, rest)) => Problem { path: format!("{label}{rest}"), ..problem },
        None => problem,
    }
}
