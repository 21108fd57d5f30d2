//! Reports: what the calls of a period have in common.

use rusqlite::{Connection, params_from_iter};
use serde::Serialize;

mod curve;
mod html;
mod lots;
mod people;
mod seen;
mod table;
mod timeouts;
mod usage;
mod waits;

#[cfg(test)]
mod tests;

pub use curve::{Curve, Point};
pub use html::html;
pub use lots::{Lot, Lots, Most, Orbit};
pub use people::{Parker, People, Retriever};
pub use table::{Cell, Table, audit, audit_json, calls, calls_json, waited};
pub use timeouts::{StepSum, Timeouts};
pub use usage::{Repeated, Usage};
pub use waits::{Bar, Wait, Waits};

use crate::journal::{Failure, now_ms};
use crate::query::{Filter, Reader};
use crate::time::Clock;
use crate::words::words;
use seen::{COLUMNS, Refused, Seen};

words! {
    /// Which report.
    Kind {
        /// How many calls were parked, and when.
        Usage = "usage",
        /// How long they waited.
        Waits = "waits",
        /// What the return steps did.
        Timeouts = "timeouts",
        /// Who parked and who retrieved.
        People = "people",
        /// How full the lots were.
        Lots = "lots",
    }
}

/// Which calls a report is about: those parked in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "web", schema(as = ReportScope))]
pub struct Scope {
    /// From this moment on, in ms since 1970.
    pub from_ms: i64,
    /// Until before this one.
    pub to_ms: i64,
    /// Only of this lot.
    pub lot: Option<String>,
    /// Only of this tenant.
    pub domain: Option<String>,
    /// The time zone of days and hours. The report fills it in.
    pub zone: String,
}

impl Scope {
    /// All calls of that period.
    #[must_use]
    pub fn new(from_ms: i64, to_ms: i64) -> Self {
        Scope { from_ms, to_ms, lot: None, domain: None, zone: String::new() }
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "report", rename_all = "lowercase")]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub enum Report {
    /// `usage`
    Usage(Box<Usage>),
    /// `waits`
    Waits(Waits),
    /// `timeouts`
    Timeouts(Timeouts),
    /// `people`
    People(People),
    /// `lots`
    Lots(Lots),
}

impl Report {
    /// Which one it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Report::Usage(_) => Kind::Usage,
            Report::Waits(_) => Kind::Waits,
            Report::Timeouts(_) => Kind::Timeouts,
            Report::People(_) => Kind::People,
            Report::Lots(_) => Kind::Lots,
        }
    }

    /// What it is about.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        match self {
            Report::Usage(report) => &report.scope,
            Report::Waits(report) => &report.scope,
            Report::Timeouts(report) => &report.scope,
            Report::People(report) => &report.scope,
            Report::Lots(report) => &report.scope,
        }
    }

    /// Its tables. The first has the most of it.
    #[must_use]
    pub fn tables(&self, clock: &Clock) -> Vec<Table> {
        match self {
            Report::Usage(report) => report.tables(),
            Report::Waits(report) => report.tables(),
            Report::Timeouts(report) => report.tables(),
            Report::People(report) => report.tables(),
            Report::Lots(report) => report.tables(clock),
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self, clock: &Clock) -> String {
        let scope = self.scope();
        let mut out = format!(
            "{} from {} to {} ({})\n",
            self.kind(),
            clock.show(scope.from_ms),
            clock.show(scope.to_ms),
            scope.zone
        );
        for table in self.tables(clock) {
            out.push('\n');
            out.push_str(&table.text());
        }
        if let Report::Waits(waits) = self {
            out.push('\n');
            out.push_str(waits.explanation);
            out.push('\n');
        }
        out
    }

    /// One JSON document.
    #[must_use]
    pub fn json(&self) -> String {
        // Strings, numbers and string keys: nothing that serde_json could refuse.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The first table, comma-separated.
    #[must_use]
    pub fn csv(&self, clock: &Clock) -> String {
        self.tables(clock).first().map(Table::csv).unwrap_or_default()
    }
}

/// Adds up what it is shown.
trait Collect {
    /// A call that was parked in the period.
    fn call(&mut self, call: &Seen<'_>) -> rusqlite::Result<()>;

    /// A call that was refused in the period.
    fn refused(&mut self, _refused: &Refused) {}
}

impl Reader {
    /// Makes a report. `progress` receives the number of calls that were read after every 100,000. Reports read every call of the
    /// period: give them more time than other questions.
    ///
    /// # Errors
    ///
    /// The period ends before it begins, the file cannot be read, or it takes longer than it may.
    pub fn report(
        &self,
        kind: Kind,
        scope: &Scope,
        clock: &Clock,
        mut progress: impl FnMut(u64),
    ) -> Result<Report, Failure> {
        if scope.to_ms <= scope.from_ms {
            return Err(Failure::BadArgument("the period ends before it begins".into()));
        }
        let scope = Scope { zone: clock.zone(), ..scope.clone() };
        self.ask(|connection| {
            let mut scan = Scan { connection, scope: &scope, progress: &mut progress };
            Ok(match kind {
                Kind::Usage => {
                    let mut all = usage::Collected::new(clock);
                    scan.calls(&mut all)?;
                    scan.refusals(&mut all)?;
                    Report::Usage(Box::new(all.report(scope)))
                }
                Kind::Waits => {
                    let mut all = waits::Collected::new(now_ms());
                    scan.calls(&mut all)?;
                    Report::Waits(all.report(scope))
                }
                Kind::Timeouts => {
                    let mut all = timeouts::Collected::default();
                    scan.calls(&mut all)?;
                    Report::Timeouts(all.report(scope))
                }
                Kind::People => {
                    let mut all = people::Collected::default();
                    scan.calls(&mut all)?;
                    Report::People(all.report(scope))
                }
                Kind::Lots => {
                    let mut all = lots::Collected::new(&scope, now_ms());
                    scan.calls(&mut all)?;
                    scan.earlier_calls(&mut all)?;
                    scan.refusals(&mut all)?;
                    Report::Lots(all.report(scope))
                }
            })
        })
    }
}

/// Reads the calls of a period.
struct Scan<'a> {
    connection: &'a Connection,
    scope: &'a Scope,
    progress: &'a mut dyn FnMut(u64),
}

const DAY_MS: i64 = 86_400_000;

impl Scan<'_> {
    fn calls(&mut self, into: &mut impl Collect) -> Result<(), Failure> {
        let (from, to) = (self.scope.from_ms, self.scope.to_ms);
        self.parked(into, "call_by_time", Some(from), Some(to), "")
    }

    /// Those that were parked before the period and were still waiting when it began.
    fn earlier_calls(&mut self, into: &mut impl Collect) -> Result<(), Failure> {
        let from = self.scope.from_ms;
        let ended = format!(" AND ended_at_ms > {from}");
        let short = format!("{ended} AND wait_ms <= {DAY_MS}");
        let long = format!("{ended} AND wait_ms > {DAY_MS}");
        let day_before = Some(from.saturating_sub(DAY_MS));
        self.parked(into, "call_by_time", day_before, Some(from), &short)?;
        self.parked(into, "call_long", None, Some(from), &long)?;
        self.parked(into, "call_waiting", None, Some(from), " AND ended_at_ms IS NULL")
    }

    /// The index is named, because SQLite does not know how few calls those of the others are.
    fn parked(
        &mut self,
        into: &mut impl Collect,
        index: &str,
        from_ms: Option<i64>,
        to_ms: Option<i64>,
        and: &str,
    ) -> Result<(), Failure> {
        let Scope { lot, domain, .. } = self.scope.clone();
        let filter = Filter { from_ms, to_ms, lot, domain, ..Filter::default() };
        let (filter, values) = filter.sql(self.connection)?;
        let sql = format!("SELECT {COLUMNS} FROM call INDEXED BY {index} WHERE {filter}{and}");
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut count: u64 = 0;
        while let Some(row) = rows.next()? {
            into.call(&Seen::of(row)?)?;
            count += 1;
            if count.is_multiple_of(100_000) {
                (self.progress)(count);
            }
        }
        Ok(())
    }

    fn refusals(&mut self, into: &mut impl Collect) -> Result<(), Failure> {
        let sql = "SELECT at_ms, lot, json FROM entry WHERE action = 'refuse' AND at_ms >= ? AND at_ms < ?";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([self.scope.from_ms, self.scope.to_ms])?;
        while let Some(row) = rows.next()? {
            let Some(refused) = Refused::of(row)? else { continue };
            if refused.is_in(self.scope) {
                into.refused(&refused);
            }
        }
        Ok(())
    }
}
