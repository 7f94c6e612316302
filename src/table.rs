//! Columns as Go's tabwriter pads them.

use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

/// Each column but the last is as wide as its widest cell, at least 2, and 3 spaces; the last is left as it is.
/// Rows with another number of cells than the row before start a block of their own, with its own widths.
pub fn columns(rows: &[Vec<String>]) -> String {
    rows.chunk_by(|a, b| a.len() == b.len()).map(block).collect()
}

/// Aligns text at its tabs, line by line.
pub fn align(text: &str) -> String {
    let rows: Vec<Vec<String>> = text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect();
    columns(&rows)
}

fn block(rows: &[Vec<String>]) -> String {
    let Some(last) = rows[0].len().checked_sub(1) else { return "\n".repeat(rows.len()) };
    if last == 0 {
        return rows.iter().map(|row| format!("{}\n", row[0])).collect();
    }
    let mut builder = Builder::default();
    for row in rows {
        builder.push_record(row[..last].iter().map(|cell| format!("{cell:<2}")));
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, 3, 0, 0));
    table.to_string().lines().zip(rows).map(|(line, row)| format!("{line}{}\n", row[last])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_padded_and_the_last_is_not() {
        let text = align("NAME\tS\tERRORS\nalpha\t\t\nb\tRunning\tno way\n");
        assert_eq!(text, "NAME    S         ERRORS\nalpha             \nb       Running   no way\n");
    }

    #[test]
    fn narrow_columns_are_five_wide() {
        assert_eq!(align("a\tb\nc\td\n"), "a    b\nc    d\n");
    }

    #[test]
    fn lines_without_tabs_stay_as_they_are() {
        assert_eq!(align("one\n\nlonger line \n"), "one\n\nlonger line \n");
    }

    #[test]
    fn ragged_rows_form_blocks() {
        assert_eq!(align("aaaaaa\tb\nx\ny\tz\tw\n"), "aaaaaa   b\nx\ny    z    w\n");
    }
}
