//! How fast a run file is written, joined and judged, step by step: `cargo run --release -p books --example throughput -- 200000`.
//! With a path the file stays there; a file that is there is joined and judged again.

use books::Joined;
use books::file::RunFile;
use books::laws;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[path = "throughput/synthetic.rs"]
mod synthetic;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let orders: u64 = arguments.next().map_or(Ok(100_000), |count| count.parse())?;
    let kept = arguments.next().map(PathBuf::from);
    let path = std::env::temp_dir().join(format!("doorbuster-throughput-{}.db", std::process::id()));
    let path = kept.as_deref().unwrap_or(&path);
    if !path.exists() {
        let began = Instant::now();
        let rows = synthetic::write(path, orders)?;
        report("rows written", rows, began);
    }
    judge(path, orders)?;
    if kept.is_none() {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

fn judge(path: &Path, orders: u64) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    RunFile::open(path)?.close()?;
    report("orders joined", orders, began);
    println!("{:>30}: {:.0} MB", "file", std::fs::metadata(path)?.len() as f64 / 1e6);
    let joined = Joined::open(path)?;
    let mut sum = 0.0;
    for law in laws::built_in() {
        let began = Instant::now();
        let found = joined.examine(&law);
        let seconds = began.elapsed().as_secs_f64();
        sum += seconds;
        println!("{seconds:>8.3} s  {}: {}, {} examined", law.name, found.finding().name(), found.examined());
    }
    println!("{sum:>8.3} s  all laws; {:.2} s of processor so far", processor_s());
    let began = Instant::now();
    report("purchases read", joined.purchases()?.len() as u64, began);
    Ok(())
}

fn report(what: &str, rows: u64, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    let processor = processor_s();
    println!(
        "{what:>30}: {rows} in {seconds:.2} s, {:.2} million/s; {processor:.2} s of processor so far",
        rows as f64 / seconds / 1e6
    );
}

/// Processor time of this process, as Linux tells it: in hundredths of a second.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which may hold spaces: user and system time are the twelfth and thirteenth.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
