//! Figures in columns.

use crate::event::Amount;
use crate::size;

/// Rows of cells; the first ones are texts and stand left, the others are figures and stand right.
#[derive(Debug, Default)]
pub(in crate::cli) struct Columns {
    texts: usize,
    rows: Vec<Vec<String>>,
}

impl Columns {
    /// A heading, of whose columns the first `texts` are texts.
    pub(in crate::cli) fn new(texts: usize, heading: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { texts, rows: vec![heading.into_iter().map(Into::into).collect()] }
    }

    /// Adds a row.
    pub(in crate::cli) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, the heading first.
    pub(in crate::cli) fn lines(&self) -> Vec<String> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..count).map(width).collect();
        self.rows.iter().map(|row| self.line(row, &widths)).collect()
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let cells = row.iter().zip(widths).enumerate();
        let padded = cells.map(|(column, (cell, width))| {
            if column < self.texts { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

/// `1,234,567`
pub(in crate::cli) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 event`, `1,234 events`, `2 batches`
pub(in crate::cli) fn counted(count: u64, what: &str) -> String {
    let ending = match count {
        1 => "",
        _ if what.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{} {what}{ending}", number(count))
}

/// Both, as cells.
pub(in crate::cli) fn amount(amount: Amount) -> [String; 2] {
    [number(amount.events), size::nearest(amount.bytes)]
}

/// `34 %`
pub(in crate::cli) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    match (part * 200 + whole) / (2 * whole) {
        0 if part > 0 => "<1 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        let numbers = [0, 12, 999, 1000, 1_234_567].map(number);
        assert_eq!(numbers, ["0", "12", "999", "1,000", "1,234,567"]);
        let parts = [(0, 10), (1, 1000), (1, 200), (1, 8), (2, 3), (10, 10), (11, 10), (0, 0)];
        let percents = parts.map(|(part, whole)| percent(part, whole));
        assert_eq!(percents, ["0 %", "<1 %", "1 %", "13 %", "67 %", "100 %", "110 %", "–"]);
    }

    #[test]
    fn one_is_singular() {
        let counts = [(1, "event"), (0, "event"), (1, "batch"), (1200, "batch")];
        let texts = counts.map(|(count, what)| counted(count, what));
        assert_eq!(texts, ["1 event", "0 events", "1 batch", "1,200 batches"]);
    }

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let mut columns = Columns::new(1, ["who", "events"]);
        columns.row(["alice".to_owned(), "7".to_owned()]);
        assert_eq!(columns.lines(), ["who    events", "alice       7"]);
    }
}
