//! How long `doorbuster check` takes over runs of growing size, none of them joined yet: the whole process, its books joined,
//! all laws examined, the record printed. Beside it DuckDB loads the same rows and does the same joins, where
//! `benches/judging/duckdb.sh` has installed it.
//!
//! `cargo bench --bench judging -- 125000 250000 500000 1000000`

#[path = "../books/examples/throughput/synthetic.rs"]
mod synthetic;

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Where the script puts DuckDB.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/duckdb/bin/python");
const JOINS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/judging/joins.py");
/// How often a process is asked for its memory.
const LOOK: Duration = Duration::from_millis(20);
/// Ticks of processor time in a second, as Linux tells them.
const TICKS_PER_S: f64 = 100.0;

/// What a process took.
struct Took {
    wall: Duration,
    cpu_s: f64,
    peak_mib: f64,
    told: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if given.is_empty() { vec![125_000, 250_000, 500_000, 1_000_000] } else { given };
    let directory = std::env::temp_dir().join(format!("doorbuster-judging-{}", std::process::id()));
    std::fs::create_dir(&directory)?;
    let measured = sizes.into_iter().try_for_each(|orders| measure(&directory, orders));
    std::fs::remove_dir_all(&directory)?;
    measured
}

fn measure(directory: &Path, orders: u64) -> Result<(), Box<dyn Error>> {
    let path = directory.join("run.db");
    synthetic::write(&path, orders)?;
    let bytes = std::fs::metadata(&path)?.len();
    // First the other one, which changes nothing.
    let duckdb = if Path::new(PYTHON).exists() { Some(run(Command::new(PYTHON).arg(JOINS).arg(&path))?) } else { None };
    let check = run(Command::new(env!("CARGO_BIN_EXE_doorbuster")).args(["check", "--json"]).arg(&path))?;
    let verdict = serde_json::from_str::<serde_json::Value>(&check.told)?["verdict"].to_string();
    println!(
        "{orders:>8} orders, {:>5.0} MB: check {:>6.2} s, {:>6.2} s of processor, {:>5.0} MiB at most, {verdict}",
        bytes as f64 / 1e6,
        check.wall.as_secs_f64(),
        check.cpu_s,
        check.peak_mib
    );
    if let Some(duckdb) = duckdb {
        let seconds: f64 = duckdb.told.trim().parse()?;
        println!(
            "{:>24} DuckDB {seconds:>5.2} s, {:>5.0} MiB at most; ratio {:.2}",
            "",
            duckdb.peak_mib,
            check.wall.as_secs_f64() / seconds
        );
    }
    std::fs::remove_file(&path)?;
    Ok(())
}

fn run(command: &mut Command) -> Result<Took, Box<dyn Error>> {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().expect("it is piped");
    let reader = std::thread::spawn(move || std::io::read_to_string(&mut stdout));
    let (mut cpu_s, mut peak_mib) = (0.0, 0.0);
    while child.try_wait()?.is_none() {
        let process = format!("/proc/{}", child.id());
        let status = std::fs::read_to_string(format!("{process}/status")).unwrap_or_default();
        let peak_kib =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        peak_mib = peak_kib.map_or(peak_mib, |kib: f64| kib / 1024.0);
        let stat = std::fs::read_to_string(format!("{process}/stat")).unwrap_or_default();
        // After the name, which may hold spaces: user and system time are the twelfth and thirteenth.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let ticks: f64 = fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        cpu_s = if ticks > 0.0 { ticks / TICKS_PER_S } else { cpu_s };
        std::thread::sleep(LOOK);
    }
    let wall = began.elapsed();
    let told = reader.join().expect("reading does not panic")?;
    Ok(Took { wall, cpu_s, peak_mib, told })
}
