//! CPU time and memory of a process.

/// What a process used so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// CPU time of all its threads, user and system, in seconds; the system counts in steps of 10 ms.
    pub cpu_s: f64,
    /// Resident memory, in bytes.
    pub resident_bytes: u64,
}

impl Usage {
    /// Of this process.
    #[must_use]
    pub fn own() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// Of any process; absent when there is none of that id, or where the system does not tell.
    #[must_use]
    #[cfg(target_os = "linux")]
    pub fn of(id: u32) -> Option<Self> {
        parse(&std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
    }

    /// Of any process; absent when there is none of that id, or where the system does not tell.
    #[must_use]
    #[cfg(not(target_os = "linux"))]
    pub const fn of(_id: u32) -> Option<Self> {
        None
    }
}

/// Reads the fields after the name, which stands in parentheses and may hold anything; see `proc_pid_stat(5)`.
#[cfg(target_os = "linux")]
fn parse(stat: &str) -> Option<Usage> {
    let (_, fields) = stat.rsplit_once(')')?;
    // The state, third in the manual's list, comes first here.
    let field = |number: usize| fields.split_ascii_whitespace().nth(number - 3)?.parse::<u64>().ok();
    let ticks = field(14)? + field(15)?;
    Some(Usage {
        cpu_s: ticks as f64 / rustix::param::clock_ticks_per_second() as f64,
        resident_bytes: field(24)? * rustix::param::page_size() as u64,
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_is_no_obstacle() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 0 0 0 0 0 120 30 5 5 20 0 1 0 99 1000 42 18446744073709551615";
        let usage = parse(stat).expect("all fields are there");
        let ticks_per_second = rustix::param::clock_ticks_per_second() as f64;
        assert!((usage.cpu_s - 150.0 / ticks_per_second).abs() < 1e-9);
        assert_eq!(usage.resident_bytes, 42 * rustix::param::page_size() as u64);
    }
}
