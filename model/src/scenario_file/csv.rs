//! Tables beside a scenario: a header, then rows; lines that begin with `#` are comments.

use super::desk::{At, Desk};
use super::kinds::Spotted;
use super::mistake::{Spot, likely};

/// Names of the columns, and the rows.
type Table = (Vec<String>, Vec<Vec<String>>);

/// A whole file, named at a place of the scenario.
pub(super) fn table(at: &At<'_>, path: &str) -> Option<Table> {
    read(at.desk, path, &at.spot())
}

/// The numbers of one column; the inner none when the file itself is wrong, which was noted.
pub(super) fn column(desk: &Desk<'_>, path: &Spotted<String>, name: &str) -> Result<Option<Vec<f64>>, String> {
    let Some((columns, rows)) = read(desk, &path.value, &path.spot) else { return Ok(None) };
    let Some(index) = columns.iter().position(|column| column == name) else {
        let meant = likely(name, columns.iter().map(String::as_str)).map(|word| format!("; did you mean `{word}`?"));
        return Err(format!(
            "is `{name}`, but `{}` has {}{}",
            path.value,
            columns.join(", "),
            meant.unwrap_or_default()
        ));
    };
    let number = |row: &Vec<String>| row[index].trim().parse::<f64>().ok().filter(|number| number.is_finite());
    match rows.iter().position(|row| number(row).is_none()) {
        Some(row) => Err(format!(
            "is `{name}`, which holds `{}` in row {} of `{}`, expected numbers",
            rows[row][index],
            row + 1,
            path.value
        )),
        None => Ok(Some(rows.iter().filter_map(number).collect())),
    }
}

fn read(desk: &Desk<'_>, path: &str, named_at: &Spot) -> Option<Table> {
    let text = desk.text(path, named_at)?;
    super::targets::note_live_keys(desk, path, &text, None);
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let wrong = |error: csv::Error| {
        desk.note(named_at.clone(), format!("names `{path}`, which is not CSV: {error}"), None);
    };
    let columns = reader.headers().map_err(wrong).ok()?.iter().map(String::from).collect();
    let rows: Result<Vec<Vec<String>>, csv::Error> =
        reader.records().map(|row| Ok(row?.iter().map(String::from).collect())).collect();
    let rows = rows.map_err(wrong).ok()?;
    if rows.is_empty() {
        desk.note(named_at.clone(), format!("names `{path}`, which has no rows"), None);
        return None;
    }
    desk.keep(path, text);
    Some((columns, rows))
}
