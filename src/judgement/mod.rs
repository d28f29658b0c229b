//! From a run file to a judged record: laws, observations, objectives, verdict. It reads the file alone, so the same file gives
//! the same verdict wherever it is judged.

mod faults;
mod health;
mod laws;
mod observed;
mod record;
mod steps;
mod tell;

use books::Joined;
use books::file::RunFile;
use books::laws::{Law, LawFinding, built_in};
use books::rows::OrderRow;
use model::record::RunRecord;
use std::path::{Path, PathBuf};

/// Why a run file could not be judged, or its reports not be written.
#[derive(Debug, thiserror::Error)]
pub enum JudgementError {
    /// The run file cannot be used.
    #[error(transparent)]
    Books(#[from] books::Error),
    /// A law that the file carries cannot be used.
    #[error(transparent)]
    Law(#[from] books::laws::LawError),
    /// A report cannot be written.
    #[error("write `{path}`")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Folders of the run file's sources under which laws of the user's own are kept.
pub const OWN_LAWS: &str = "laws/";

/// Judges a run by its books alone; finishes the books of a run that was cut off.
pub fn check(file: &Path) -> Result<RunRecord, JudgementError> {
    let joined = Joined::open(file)?;
    let mut laws = built_in();
    laws.extend(own_laws(&joined)?);
    record::assemble(&joined, &laws)
}

/// The laws of the user's own, which the run file carries.
fn own_laws(joined: &Joined) -> Result<Vec<Law>, JudgementError> {
    let sources = joined.sources()?;
    let laws = sources.iter().filter_map(|(name, text)| Some((name.strip_prefix(OWN_LAWS)?, text)));
    laws.map(|(name, text)| Ok(Law::parse(name, text)?)).collect()
}

/// The fact that names the law on which the load was ended.
pub const ENDED_BY_LAW: &str = "load.ended_by_law";

/// What the laws say of books that are still being written, from a copy of the file and the orders as they were read so far.
pub fn look(file: &Path, laws: &[Law], orders: &[OrderRow]) -> Result<Vec<LawFinding>, JudgementError> {
    let copy = file.with_extension("look.db");
    let looked = look_at(file, &copy, laws, orders);
    // The next look makes it anew; one that cannot be removed is overwritten.
    drop(std::fs::remove_file(&copy));
    looked
}

fn look_at(file: &Path, copy: &Path, laws: &[Law], orders: &[OrderRow]) -> Result<Vec<LawFinding>, JudgementError> {
    RunFile::copy(file, copy)?;
    if !orders.is_empty() {
        RunFile::open(copy)?.add_unfinished_orders(orders)?;
    }
    let joined = Joined::open(copy)?;
    Ok(laws.iter().map(|law| joined.examine(law)).collect())
}

/// Writes page, summary, comment and `JUnit` beside each other; gives their paths.
pub fn write_reports(record: &RunRecord, directory: &Path) -> Result<Vec<PathBuf>, JudgementError> {
    std::fs::create_dir_all(directory).map_err(|source| JudgementError::Write { path: directory.into(), source })?;
    let files = [
        ("report.html", reports::html::render(record)),
        ("summary.json", reports::summary::json(record)),
        ("summary.md", reports::markdown::render(record)),
        ("junit.xml", reports::junit::render(record)),
    ];
    files
        .into_iter()
        .map(|(name, text)| {
            let path = directory.join(name);
            match std::fs::write(&path, text) {
                Ok(()) => Ok(path),
                Err(source) => Err(JudgementError::Write { path, source }),
            }
        })
        .collect()
}
