//! Table of the rows, printed at the end of a run.

use comfy_table::{Cell, CellAlignment, LineStyle, Table, TableStyle};

use crate::{report::Row, summary::Summary};

/// Lays out each workload with its subjects, ours first.
pub(crate) fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(["workload", "store", "median", "min – max", "unit", "ours / it", "target", ""]);
    let mut last = None;
    for row in rows {
        let ours = Some((row.workload.as_str(), row.subject.as_str()));
        if last != ours {
            last = ours;
            let unit = format!("{} {}", row.unit.name, if row.unit.more_is_better { "↑" } else { "↓" });
            line(&mut table, [row.workload.clone(), row.subject.clone()], row.figure, &unit, ["", "", ""]);
        }
        let targets: Vec<&str> = row.targets.iter().map(|outcome| outcome.target.as_str()).collect();
        let met = row.met().map_or("", |met| if met { "met" } else { "MISSED" });
        let ratio = format!("{}×", digits(row.ratio));
        let end = [ratio.as_str(), &targets.join(", "), met];
        line(&mut table, [String::new(), row.peer.clone()], row.peer_figure, "", end);
    }
    for column in [2, 3, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn line(table: &mut Table, start: [String; 2], figure: Summary, unit: &str, end: [&str; 3]) {
    let spread = format!("{} – {}", number(figure.min), number(figure.max));
    let middle = [number(figure.median), spread, unit.to_owned()];
    let cells = start.into_iter().chain(middle).chain(end.map(str::to_owned));
    table.add_row(cells.map(Cell::new));
}

/// Formats three significant digits, with k and M for thousands and millions.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{} M", digits(value / 1e6)),
        size if size >= 1e4 => format!("{} k", digits(value / 1e3)),
        _ => digits(value),
    }
}

/// Formats three significant digits.
pub(crate) fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_significant_digits() {
        let numbers = [0.5, 12.34, 999.4, 9_999.0, 12_345.0, 1_234_567.0].map(number);
        assert_eq!(numbers, ["0.50", "12.3", "999", "9999", "12.3 k", "1.23 M"]);
    }
}
