//! The main job: from a scenario file to a verdict, in one direction.

mod actions;
mod course;
mod crowd;
mod events;
mod load;
mod look;
mod monitor;
mod opening;
mod options;
mod orders;
mod quiet;
mod scan;
mod settlement;
mod shelf;
mod shown;
mod statement;

pub use crowd::CrowdError;
pub(crate) use crowd::monotonic_us;
pub(crate) use load::read as read_scenario;
pub use load::{check_scenario, plan_only};
pub use opening::CLOSED_USERS;
pub(crate) use opening::machine;
pub use options::{Lifeline, Options, RunError};

use crate::arena::{self, Arena, Ground};
use crate::faults::Leases;
use crate::judgement;
use books::file::RunFile;
use books::intake::{Complete, Fact, Intake, Settled};
use books::writer::Writer;
use events::Door;
use load::Loaded;
use model::finding::Verdict;
use model::scenario::Shop;
use statement::StatementReader;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Runs a scenario to its verdict; writes run file and reports.
pub fn run(options: &Options) -> Result<Verdict, RunError> {
    let loaded = load::load(options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(RunError::Runtime)?;
    runtime.block_on(execute(options, &loaded))
}

async fn execute(options: &Options, loaded: &Loaded) -> Result<Verdict, RunError> {
    let door = match &loaded.scenario.take_events {
        Some(address) => Some(Door::open(address).await?),
        None => None,
    };
    let out = output_directory(options, loaded)?;
    let run = opening::run_id();
    say(&format!(
        "{}: {} in {:.0} s → {}",
        loaded.scenario.name,
        loaded.load_in_words(),
        loaded.plan.duration().as_secs_f64(),
        out.display()
    ));
    let file = out.join("run.db");
    let opening = opening::opening(&run, options, loaded);
    let writer = Writer::start(RunFile::create(&file, &opening, &loaded.plan)?)?;
    let ground = Ground {
        run: &run,
        program: &options.program,
        directory: out.join("arena"),
        defect: options.defect.as_deref(),
        admin_token: options.admin_token.clone(),
    };
    let raised = arena::raise(&loaded.scenario, ground).await;
    let ended = match raised {
        Ok(arena) => {
            let arena = Arc::new(arena);
            let leases = Leases::keep(Arc::clone(&arena));
            let ended = perform(options, loaded, &run, &arena, &writer.intake(), &file, door).await;
            if let Some(lapse) = leases.let_go().await {
                say(&lapse);
            }
            drop(arena.take_down().await);
            ended
        }
        Err(error) => Err(error.into()),
    };
    // Whatever happened, what was written is a readable file.
    let failed = writer.failed();
    let books = writer.stop()?;
    if let Some(why) = failed {
        return Err(RunError::Halted(why));
    }
    books.close()?;
    ended?;
    conclude(&file, &out)
}

/// Everything between a raised arena and the final books.
async fn perform(
    options: &Options,
    loaded: &Loaded,
    run: &str,
    arena: &Arc<Arena>,
    intake: &Intake,
    file: &Path,
    door: Option<Door>,
) -> Result<(), RunError> {
    let reader = course::drive(options, loaded, run, arena, intake, file, door).await?;
    let waited_from = Instant::now();
    let quiet = quiet::wait(arena, &loaded.scenario.settlement).await;
    let how = match &quiet {
        quiet::Quiet::Reached => Settled::Quiet,
        quiet::Quiet::NotReached(busy) => {
            say(&format!("not quiet within {:?}: {busy}", loaded.scenario.settlement.settle_within));
            Settled::Deadline
        }
    };
    read_final_books(loaded, arena, intake, reader).await;
    intake.fact(Fact::Settled { how, waited_us: waited_from.elapsed().as_micros() as u64 })?;
    Ok(())
}

/// Reads statement and orders to their ends and scans the shop's files. A book that cannot be read is noted as incomplete: the
/// laws that need it will be undecided.
async fn read_final_books(loaded: &Loaded, arena: &Arena, intake: &Intake, reader: Option<StatementReader>) {
    if let Some(reader) = reader
        && let Err(error) = reader.finish(intake).await
    {
        say(&format!("the statement was not read to its end: {error}"));
    }
    match orders::read(&loaded.scenario, &loaded.directory, arena).await {
        Ok(None) => {}
        Ok(Some(rows)) => {
            note(intake.orders(rows));
            note(intake.fact(Fact::OrdersRead(Complete::Yes)));
        }
        Err(error) => {
            say(&format!("the orders book was not read: {error}"));
            note(intake.fact(Fact::OrdersRead(Complete::No)));
        }
    }
    shelf::read(arena, intake).await;
    settlement::read(arena, intake).await;
    scan_files(loaded, arena, intake).await;
}

async fn scan_files(loaded: &Loaded, arena: &Arena, intake: &Intake) {
    let paths: Vec<PathBuf> = match (&loaded.scenario.shop, &arena.doors) {
        (Shop::Own(own), _) => own.files.iter().map(|file| loaded.directory.join(file)).collect(),
        (Shop::Reference(_), Some(doors)) => match doors.files().await {
            Ok(files) => files.into_iter().map(PathBuf::from).collect(),
            Err(error) => {
                say(&format!("the shop does not say which files it writes: {error}"));
                note(intake.fact(Fact::FilesScanned(Complete::No)));
                return;
            }
        },
        (Shop::Reference(_), None) => Vec::new(),
    };
    if paths.is_empty() {
        return;
    }
    let scanned = tokio::task::spawn_blocking(move || scan::scan(&paths)).await.expect("the scan does not panic");
    let complete = match scanned {
        Ok(files) => {
            for found in files {
                let file = found.path.display().to_string();
                for (card, count) in found.sightings {
                    note(intake.fact(Fact::CardSighting { file: file.clone(), card: card.name().into(), count }));
                }
                note(intake.fact(Fact::ScannedFile { file, bytes: found.bytes }));
            }
            Complete::Yes
        }
        Err(error) => {
            say(&format!("the shop's files were not scanned to the end: {error}"));
            Complete::No
        }
    };
    note(intake.fact(Fact::FilesScanned(complete)));
}

/// Judges the run from its file and writes the reports.
fn conclude(file: &Path, out: &Path) -> Result<Verdict, RunError> {
    let record = judgement::check(file)?;
    let paths = judgement::write_reports(&record, out)?;
    say("");
    say(&reports::terminal::verdict(&record, crate::live::width(), crate::live::colours()));
    if let Some(page) = paths.iter().find(|path| path.extension().is_some_and(|extension| extension == "html")) {
        say(&format!("report: {}", page.display()));
    }
    Ok(record.verdict)
}

/// Makes the directory of the run; one that holds a run already is refused, so that nothing is lost.
fn output_directory(options: &Options, loaded: &Loaded) -> Result<PathBuf, RunError> {
    let path = options
        .out
        .clone()
        .unwrap_or_else(|| Path::new("runs").join(format!("{}-{}", opening::local_stamp(), loaded.scenario.name)));
    let unusable = |reason: String| RunError::Output { path: path.clone(), reason };
    if path.join("run.db").exists() {
        return Err(unusable("it holds a run already\n  hint: set another one with --out".into()));
    }
    std::fs::create_dir_all(path.join("arena")).map_err(|error| unusable(error.to_string()))?;
    path.canonicalize().map_err(|error| unusable(error.to_string()))
}

/// A line for whoever watches; a reader that has left is no error.
fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// A book that cannot be written has said so once and for all through [`Writer::failed`], which ends the run.
fn note(result: Result<(), books::Error>) {
    drop(result);
}

/// The command line as a user would type it again.
#[must_use]
pub fn command_line(arguments: &[String]) -> String {
    let quoted = arguments.iter().skip(1).map(|argument| {
        let plain = argument.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./:=@".contains(letter));
        if plain && !argument.is_empty() { argument.clone() } else { format!("'{}'", argument.replace('\'', r"'\''")) }
    });
    std::iter::once("doorbuster".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}
