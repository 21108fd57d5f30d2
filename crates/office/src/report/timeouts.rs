//! `report timeouts`: what the return steps did.

use std::collections::BTreeMap;

use serde::Serialize;

use super::seen::{Seen, came, gave_up};
use super::table::{Cell, Table};
use super::{Collect, Scope};
use crate::entry::{Outcome, StepResult};

/// What the return steps did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "web", schema(as = TimeoutsReport))]
pub struct Timeouts {
    /// What it is about.
    pub scope: Scope,
    /// How many calls were parked.
    pub parks: u64,
    /// How many of these a return step was tried for.
    pub reached: u64,
    /// How many of these a return step took.
    pub returned: u64,
    /// How many of these somebody retrieved all the same.
    pub retrieved: u64,
    /// How many of these callers gave up.
    pub gave_up: u64,
    /// By whom or what the step tries, the one that was tried most often first.
    pub steps: Vec<StepSum>,
}

/// What one return step did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct StepSum {
    /// Whom or what it tries, as the configuration writes it.
    pub to: String,
    /// How often it was tried.
    pub tried: u64,
    /// How often somebody answered.
    pub answered: u64,
    /// How often it took the call.
    pub took: u64,
    /// How often it did not.
    pub failed: u64,
    /// How often it was skipped, because its condition was not met.
    pub skipped: u64,
}

impl Timeouts {
    pub(super) fn tables(&self) -> Vec<Table> {
        let columns = ["step", "tried", "answered", "took", "failed", "skipped"];
        let mut steps = Table::new("Return steps", &columns);
        for step in &self.steps {
            steps.row([
                Cell::text(&step.to),
                Cell::count(step.tried),
                Cell::count(step.answered),
                Cell::count(step.took),
                Cell::count(step.failed),
                Cell::count(step.skipped),
            ]);
        }
        let mut calls = Table::new("Calls", &["what", "calls"]);
        for (what, count) in [
            ("parked", self.parks),
            ("reached a return step", self.reached),
            ("returned", self.returned),
            ("retrieved after all", self.retrieved),
            ("caller gave up", self.gave_up),
        ] {
            calls.row([Cell::text(what), Cell::count(count)]);
        }
        vec![steps, calls]
    }
}

#[derive(Default)]
pub(super) struct Collected {
    parks: u64,
    reached: u64,
    returned: u64,
    retrieved: u64,
    gave_up: u64,
    steps: BTreeMap<String, StepSum>,
}

impl Collected {
    pub(super) fn report(self, scope: Scope) -> Timeouts {
        let mut steps: Vec<StepSum> = self.steps.into_values().collect();
        steps.sort_by(|a, b| b.tried.cmp(&a.tried).then_with(|| a.to.cmp(&b.to)));
        let Collected { parks, reached, returned, retrieved, gave_up, .. } = self;
        Timeouts { scope, parks, reached, returned, retrieved, gave_up, steps }
    }
}

impl Collect for Collected {
    fn call(&mut self, call: &Seen<'_>) -> rusqlite::Result<()> {
        self.parks += 1;
        let steps = call.steps()?;
        if steps.is_empty() {
            return Ok(());
        }
        self.reached += 1;
        match call.outcome {
            Some(Outcome::Returned) => self.returned += 1,
            outcome if came(outcome) => self.retrieved += 1,
            outcome if gave_up(outcome) => self.gave_up += 1,
            _ => {}
        }
        for tried in steps {
            let to = tried.step.to;
            let sum = self.steps.entry(to.clone()).or_insert(StepSum { to, ..StepSum::default() });
            sum.tried += u64::from(tried.step.result != StepResult::Skipped);
            sum.answered += u64::from(tried.answered);
            match tried.step.result {
                StepResult::Took => sum.took += 1,
                StepResult::Failed | StepResult::Declined => sum.failed += 1,
                StepResult::Skipped => sum.skipped += 1,
                // It runs, or the call ended meanwhile.
                StepResult::Started | StepResult::Answered => {}
            }
        }
        Ok(())
    }
}
