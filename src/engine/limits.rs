//! How many sockets the generator may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Below the number of ports that a machine has for outgoing connections to one address.
const SOCKETS_MAX: u64 = 15_000;

/// Files that are open beside the shoppers' sockets: books, logs, pipes, the children's ends, idle connections.
const OTHER_FILES: u64 = 256;

/// Raises the limit of open files to what the system allows at most, and tells it. Servers that run in this process or
/// are started by it profit too.
#[must_use]
pub fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    current.unwrap_or(u64::MAX)
}

/// How many shoppers may be under way at once; each may use two sockets at a time.
pub fn open_arrivals_max(open_files: u64) -> usize {
    (open_files.saturating_sub(OTHER_FILES) / 2).clamp(1, SOCKETS_MAX) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shoppers_leave_files_for_others() {
        assert_eq!(open_arrivals_max(1024), 384);
        assert_eq!(open_arrivals_max(u64::MAX), 15_000);
        assert_eq!(open_arrivals_max(10), 1);
    }
}
