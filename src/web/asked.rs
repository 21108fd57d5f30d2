//! What questions have in common: their queries, and lots by name.

use std::collections::HashMap;
use std::sync::Arc;

use office::web::{Problem, Query};

use super::problem;
use super::viewer::Viewer;
use crate::args;
use crate::module::Module;
use crate::park::{LotConfig, LotKey, Refusal, shortened};

/// The value of that key.
pub(super) fn value<'a>(query: &'a Query, key: &str) -> Option<&'a str> {
    query.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
}

/// Only these keys are known.
pub(super) fn only(query: &Query, keys: &[&str]) -> Result<(), Problem> {
    match query.iter().find(|(key, _)| !keys.contains(&key.as_str())) {
        None => Ok(()),
        Some((key, _)) => {
            let key = shortened(key, 40);
            Err(Problem::new(400, "bad_arguments", format!("there is no filter {key:?}")))
        }
    }
}

/// A number from 1 to that.
pub(super) fn limit(query: &Query, usual: usize, most: usize) -> Result<usize, Problem> {
    let Some(limit) = value(query, "limit") else { return Ok(usual) };
    let limit = limit.parse().ok().filter(|limit| (1..=most).contains(limit));
    limit.ok_or_else(|| {
        Problem::new(400, "bad_arguments", format!("the limit is a number from 1 to {most}"))
    })
}

/// A lot of that name that the viewer sees.
pub(super) fn lot(module: &Module, viewer: &Viewer, name: &str) -> Result<LotKey, Problem> {
    let found = module.look(|park| {
        let lot = args::lot(park, name, viewer.domain())?;
        let config = park.lot_config(&lot);
        Ok::<_, Refusal>((lot, config))
    });
    let (lot, config) = found.map_err(problem)?;
    match viewer.sees(&lot, config.as_deref()) {
        true => Ok(lot),
        // As if there were none.
        false => Err(problem(Refusal::UnknownLot)),
    }
}

/// The configurations of lots, each looked up once.
#[derive(Default)]
pub(super) struct Configs(HashMap<LotKey, Option<Arc<LotConfig>>>);

impl Configs {
    pub(super) fn of(&mut self, module: &Module, lot: &LotKey) -> Option<Arc<LotConfig>> {
        let known = self.0.entry(lot.clone());
        known.or_insert_with(|| module.look(|park| park.lot_config(lot))).clone()
    }
}
