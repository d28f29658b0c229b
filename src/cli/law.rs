//! `doorbuster law`: the laws that come with the program, and laws of one's own beside their histories.

use super::USAGE;
use books::history::{self, History};
use books::laws::{self, Law, Trial};
use clap::{Args, Subcommand};
use model::finding::Finding;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Laws: list them, read one, try one of your own on its histories
#[derive(Subcommand)]
pub enum Laws {
    /// Examine laws over small histories, and say whether they find what the histories expect
    ///
    /// A law is `NAME.sql`; its histories are the `.txt` files named after it, else `histories/NAME.txt` or `NAME.txt` beside it.
    /// A directory stands for all laws in it. Exit code 1: a law found something else.
    Test(Test),
    /// List the laws that come with the program
    List,
    /// Print one of them: its header and its query
    Show(Show),
}

#[derive(Args)]
pub struct Test {
    /// Laws (`.sql`), their histories (`.txt`), or directories of laws
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

#[derive(Args)]
pub struct Show {
    /// Its name
    name: String,
}

/// What cannot be used; completes "failed to …".
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Law(#[from] laws::LawError),
    #[error("read `{}`: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{reason} in `{}`", path.display())]
    Histories { path: PathBuf, reason: history::HistoryError },
    #[error("test `{}`: it has no histories; expected `{}`, or a `.txt` file named after it", .0.display(), histories_of(.0).display())]
    None(PathBuf),
    #[error("test `{}`: name a law (`.sql`) before its histories", .0.display())]
    NoLaw(PathBuf),
    #[error("test `{}`: there is no law (`.sql`) in it", .0.display())]
    Empty(PathBuf),
    #[error("examine the law: {0}")]
    Books(#[from] books::Error),
}

/// A law and where its histories are.
struct Case {
    law: PathBuf,
    histories: Vec<PathBuf>,
}

impl Laws {
    pub fn execute(self) -> ExitCode {
        match self {
            Self::Test(test) => match tested(&test.files) {
                Err(error) => super::failed(USAGE, &error),
                Ok((text, all_as_expected)) => {
                    super::print(text.trim_end());
                    ExitCode::from(u8::from(!all_as_expected))
                }
            },
            Self::List => {
                let mut text = String::new();
                for law in laws::built_in() {
                    let _ = writeln!(text, "{}\n    {}", law.name, law.sentence);
                }
                super::print(text.trim_end())
            }
            Self::Show(show) => {
                if let Some(law) = laws::built_in().into_iter().find(|law| law.name == show.name) {
                    super::print(law.sql.trim_end())
                } else {
                    eprintln!("failed to show `{}`: no law of that name comes with the program", show.name);
                    ExitCode::from(USAGE)
                }
            }
        }
    }
}

/// What is said of all of them, and whether each found what was expected.
fn tested(files: &[PathBuf]) -> Result<(String, bool), Unusable> {
    let mut text = String::new();
    let (mut tried, mut differing) = (0_usize, 0_usize);
    for case in cases(files)? {
        let law = laws::read(&case.law)?;
        let _ = writeln!(text, "{}\n  {}", law.name, law.sentence);
        let histories = case.histories.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?.concat();
        for history in histories {
            let trial = laws::try_on(&law, &history)?;
            tried += 1;
            differing += usize::from(!trial.differences.is_empty());
            tell(&mut text, &law, &trial);
        }
    }
    let histories = if tried == 1 { "history" } else { "histories" };
    let _ = match differing {
        0 => writeln!(text, "\n{tried} {histories}, all as expected"),
        _ => writeln!(text, "\n{tried} {histories}, {differing} not as expected"),
    };
    Ok((text, differing == 0))
}

fn cases(files: &[PathBuf]) -> Result<Vec<Case>, Unusable> {
    let mut cases: Vec<Case> = Vec::new();
    for file in files {
        std::fs::metadata(file).map_err(|source| Unusable::File { path: file.clone(), source })?;
        if file.is_dir() {
            let laws = laws::in_directory(file)?;
            if laws.is_empty() {
                return Err(Unusable::Empty(file.clone()));
            }
            let paths = laws.iter().map(|law| file.join(format!("{}.sql", law.name)));
            cases.extend(paths.map(|law| Case { law, histories: Vec::new() }));
        } else if file.extension().is_some_and(|extension| extension == "sql") {
            cases.push(Case { law: file.clone(), histories: Vec::new() });
        } else {
            let case = cases.last_mut().ok_or_else(|| Unusable::NoLaw(file.clone()))?;
            case.histories.push(file.clone());
        }
    }
    for case in &mut cases {
        if case.histories.is_empty() {
            let beside = [histories_of(&case.law), case.law.with_extension("txt")];
            case.histories.extend(beside.into_iter().find(|path| path.is_file()));
        }
        if case.histories.is_empty() {
            return Err(Unusable::None(case.law.clone()));
        }
    }
    Ok(cases)
}

/// `histories/NAME.txt` beside `NAME.sql`.
fn histories_of(law: &Path) -> PathBuf {
    let name = law.with_extension("txt");
    law.with_file_name("histories").join(name.file_name().unwrap_or_default())
}

fn read(path: &Path) -> Result<Vec<History>, Unusable> {
    let text = std::fs::read_to_string(path).map_err(|source| Unusable::File { path: path.to_owned(), source })?;
    history::parse(&text).map_err(|reason| Unusable::Histories { path: path.to_owned(), reason })
}

/// A line for what is as expected; else how it differs, and the rows behind it.
fn tell(text: &mut String, law: &Law, trial: &Trial) {
    if trial.differences.is_empty() {
        let _ = writeln!(text, "  as expected  {} ({})", trial.title, trial.found.finding().name());
        return;
    }
    let _ = writeln!(text, "  DIFFERS      {}", trial.title);
    for difference in &trial.differences {
        let _ = writeln!(text, "               {difference}");
    }
    if matches!(trial.found.finding(), Finding::Undecided | Finding::NotExercised) {
        let _ = writeln!(text, "               {}: {}", law.name, trial.found.remark());
    }
    if trial.rows.is_empty() {
        let _ = writeln!(text, "               it returned no rows");
    }
    for row in &trial.rows {
        let exposed = if row.exposed { ", exposed" } else { "" };
        let why = if row.subject.why.is_empty() { String::new() } else { format!(": {}", row.subject.why) };
        let _ = writeln!(text, "               row `{}` {}{exposed}{why}", row.subject.subject, row.finding);
    }
}
