//! `callpark webhooks`.

use office::hooks::Listed;

use super::columns::{Cell, Column, text};
use super::text::table;
use super::{Rows, document};

const COLUMNS: [Column<Listed>; 12] = [
    Column::new("name", |hook| text(&hook.name)),
    Column::new("kind", |hook| text(hook.kind)),
    Column::new("host", |hook| text(&hook.host)),
    Column::new("state", |hook| text(hook.state)),
    Column::new("waiting", |hook| Cell::Number(hook.waiting)),
    Column::new("dead", |hook| Cell::Number(hook.dead)),
    Column::new("delivered", |hook| Cell::Number(hook.delivered)),
    Column::new("failed", |hook| Cell::Number(hook.failed)),
    Column::new("shed", |hook| Cell::Number(hook.shed)),
    Column::new("failing_ms", |hook| hook.failing_ms.map_or(Cell::Nothing, Cell::Number)),
    Column::new("next_ms_left", |hook| hook.next_ms_left.map_or(Cell::Nothing, Cell::Number)),
    Column::new("error", |hook| text(&hook.error)),
];

/// The webhooks and questions, a line each.
pub(crate) fn webhooks_text(hooks: &[Listed]) -> String {
    table(hooks, &COLUMNS, "webhook")
}

/// `{"webhooks":[…]}`.
pub(crate) fn webhooks_json(hooks: &[Listed]) -> String {
    document("webhooks", Rows(hooks, &COLUMNS))
}
