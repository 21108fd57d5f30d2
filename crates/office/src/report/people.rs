//! `report people`: who parked and who retrieved.

use std::collections::HashMap;

use serde::Serialize;

use super::seen::{Seen, gave_up};
use super::table::{Cell, Table};
use super::waits::Wait;
use super::{Collect, Scope};
use crate::entry::Outcome;

/// How many parkers and retrievers are listed.
const MOST: usize = 1_000;

/// Who parked and who retrieved.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "web", schema(as = PeopleReport))]
pub struct People {
    /// What it is about.
    pub scope: Scope,
    /// Whoever parked most is first.
    pub parkers: Vec<Parker>,
    /// Whoever retrieved most is first.
    pub retrievers: Vec<Retriever>,
}

/// A user who parked calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Parker {
    /// `user@domain`, or empty: the parker was not known.
    pub user: String,
    /// How many calls.
    pub parked: u64,
    /// How many of these were retrieved.
    pub retrieved: u64,
    /// How many a return step took.
    pub returned: u64,
    /// How many callers gave up.
    pub gave_up: u64,
    /// How long those that have ended waited.
    pub wait: Wait,
}

/// A user who retrieved calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Retriever {
    /// `user@domain`, or empty: the retriever was not known.
    pub user: String,
    /// How many calls.
    pub retrieved: u64,
    /// How often a call was given back before the two were connected.
    pub given_back: u64,
    /// How long those that were retrieved had waited.
    pub wait: Wait,
}

impl People {
    pub(super) fn tables(&self) -> Vec<Table> {
        let columns =
            ["parker", "parked", "retrieved", "returned", "caller gave up", "median_s", "p90_s"];
        let mut parkers = Table::new("Parkers", &columns);
        for parker in &self.parkers {
            parkers.row([
                Cell::user(&parker.user),
                Cell::count(parker.parked),
                Cell::count(parker.retrieved),
                Cell::count(parker.returned),
                Cell::count(parker.gave_up),
                Cell::seconds(parker.wait.median_ms),
                Cell::seconds(parker.wait.p90_ms),
            ]);
        }
        let columns = ["retriever", "retrieved", "given back", "median_s", "p90_s"];
        let mut retrievers = Table::new("Retrievers", &columns);
        for retriever in &self.retrievers {
            retrievers.row([
                Cell::user(&retriever.user),
                Cell::count(retriever.retrieved),
                Cell::count(retriever.given_back),
                Cell::seconds(retriever.wait.median_ms),
                Cell::seconds(retriever.wait.p90_ms),
            ]);
        }
        vec![parkers, retrievers]
    }
}

#[derive(Default)]
struct Sum {
    calls: u64,
    retrieved: u64,
    returned: u64,
    gave_up: u64,
    given_back: u64,
    waits: Vec<i64>,
}

#[derive(Default)]
pub(super) struct Collected {
    parkers: HashMap<String, Sum>,
    retrievers: HashMap<String, Sum>,
}

fn of<'a>(sums: &'a mut HashMap<String, Sum>, user: &str) -> &'a mut Sum {
    sums.entry(user.to_owned()).or_default()
}

impl Collected {
    pub(super) fn report(self, scope: Scope) -> People {
        let mut parkers: Vec<Parker> = self
            .parkers
            .into_iter()
            .map(|(user, mut sum)| Parker {
                user,
                parked: sum.calls,
                retrieved: sum.retrieved,
                returned: sum.returned,
                gave_up: sum.gave_up,
                wait: Wait::of(&mut sum.waits),
            })
            .collect();
        parkers.sort_by(|a, b| b.parked.cmp(&a.parked).then_with(|| a.user.cmp(&b.user)));
        parkers.truncate(MOST);
        let mut retrievers: Vec<Retriever> = self
            .retrievers
            .into_iter()
            .map(|(user, mut sum)| Retriever {
                user,
                retrieved: sum.calls,
                given_back: sum.given_back,
                wait: Wait::of(&mut sum.waits),
            })
            .collect();
        retrievers.sort_by(|a, b| b.retrieved.cmp(&a.retrieved).then_with(|| a.user.cmp(&b.user)));
        retrievers.truncate(MOST);
        People { scope, parkers, retrievers }
    }
}

impl Collect for Collected {
    fn call(&mut self, call: &Seen<'_>) -> rusqlite::Result<()> {
        let parker = of(&mut self.parkers, call.parker);
        parker.calls += 1;
        parker.waits.extend(call.wait_ms);
        match call.outcome {
            Some(Outcome::Retrieved) => parker.retrieved += 1,
            Some(Outcome::Returned) => parker.returned += 1,
            outcome if gave_up(outcome) => parker.gave_up += 1,
            _ => {}
        }
        if call.outcome == Some(Outcome::Retrieved) {
            let retriever = of(&mut self.retrievers, call.retriever);
            retriever.calls += 1;
            retriever.waits.extend(call.wait_ms);
        }
        for given in call.given_back()? {
            of(&mut self.retrievers, &given.retriever).given_back += 1;
        }
        Ok(())
    }
}
