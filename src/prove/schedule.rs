//! Which run comes next: as many beside each other as the machine carries, heavy ones alone. Pure, so that it can foretell the
//! time that is left.

use std::time::Duration;

/// Arrivals a second that a job has room for. Four runs of 40/s beside each other on two cores kept their budgets.
const JOB_PER_S: f64 = 45.0;

/// From a load's length to that of its run, before one was seen: start, quiet, judgement.
const OVERHEAD: Duration = Duration::from_secs(6);

/// What a run puts on the machine, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Its peak of planned arrivals a second; none: unknown, so that it runs alone.
    pub peak_per_s: Option<f64>,
    /// The length of its load.
    pub planned: Duration,
    /// How long the load, its drain and the wait for quiet take at most.
    pub longest: Duration,
}

/// What the machine carries at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Runs.
    pub jobs: usize,
    /// Arrivals a second, over all of them.
    pub per_s: f64,
}

impl Room {
    /// For so many runs of usual size.
    #[must_use]
    pub fn of(jobs: usize) -> Self {
        Self { jobs, per_s: jobs as f64 * JOB_PER_S }
    }

    fn weight(self, load: Load) -> f64 {
        load.peak_per_s.unwrap_or(f64::INFINITY).min(self.per_s)
    }
}

/// Which of the waiting runs may begin beside those under way: the first that fits. One that fits beside nothing waits until
/// the machine is its own, so that light ones come before it.
#[must_use]
pub fn next(waiting: &[Load], under_way: &[Load], room: Room) -> Option<usize> {
    if under_way.len() >= room.jobs {
        return None;
    }
    let taken: f64 = under_way.iter().map(|load| room.weight(*load)).sum();
    let light = |load: &Load| room.weight(*load) < room.per_s;
    let fits = |load: &&Load| light(load) && taken + room.weight(**load) <= room.per_s;
    let first = waiting.iter().position(|load| fits(&load));
    match first {
        None if under_way.is_empty() && !waiting.is_empty() => Some(0),
        first => first,
    }
}

/// How much longer runs took than their load, so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    runs: u32,
    beyond: Duration,
}

impl Pace {
    /// Takes a run into account.
    pub fn saw(&mut self, load: Load, took: Duration) {
        self.runs += 1;
        self.beyond += took.saturating_sub(load.planned);
    }

    /// How long a run of this load is expected to take.
    #[must_use]
    pub fn expects(self, load: Load) -> Duration {
        load.planned + self.beyond.checked_div(self.runs).unwrap_or(OVERHEAD)
    }
}

/// How long it takes until all these runs are done, those under way (with the time since their start) and those waiting.
#[must_use]
pub fn time_left(waiting: &[Load], under_way: &[(Load, Duration)], room: Room, pace: Pace) -> Duration {
    let mut waiting = waiting.to_vec();
    let mut ends: Vec<(Duration, Load)> =
        under_way.iter().map(|(load, since)| (pace.expects(*load).saturating_sub(*since), *load)).collect();
    let mut now = Duration::ZERO;
    loop {
        let loads: Vec<Load> = ends.iter().map(|(_, load)| *load).collect();
        if let Some(chosen) = next(&waiting, &loads, room) {
            let load = waiting.remove(chosen);
            ends.push((now + pace.expects(load), load));
            continue;
        }
        let Some(first) = (0..ends.len()).min_by_key(|index| ends[*index].0) else { return now };
        now = now.max(ends.swap_remove(first).0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(peak_per_s: f64) -> Load {
        Load { peak_per_s: Some(peak_per_s), planned: Duration::from_secs(8), longest: Duration::from_secs(20) }
    }

    const ROOM: Room = Room { jobs: 4, per_s: 180.0 };

    #[test]
    fn light_runs_go_beside_each_other_up_to_jobs_and_rate() {
        let light = load(20.0);
        assert_eq!(next(&[light], &[light; 3], ROOM), Some(0));
        assert_eq!(next(&[light], &[light; 4], ROOM), None, "four are enough");
        assert_eq!(next(&[load(100.0), light], &[load(100.0)], ROOM), Some(1), "the first that fits");
        assert_eq!(next(&[load(100.0)], &[load(100.0)], ROOM), None);
        assert_eq!(next(&[], &[], ROOM), None);
    }

    #[test]
    fn a_heavy_run_is_alone_and_comes_last() {
        let (heavy, crowd) = (load(740.0), Load { peak_per_s: None, ..load(0.0) });
        for alone in [heavy, crowd] {
            assert_eq!(next(&[alone, load(20.0)], &[], ROOM), Some(1));
            assert_eq!(next(&[alone], &[load(1.0)], ROOM), None);
            assert_eq!(next(&[alone, alone], &[], ROOM), Some(0));
            assert_eq!(next(&[load(1.0)], &[alone], ROOM), None);
        }
    }

    #[test]
    fn the_time_left_follows_the_schedule_and_the_runs_seen() {
        let mut pace = Pace::default();
        assert_eq!(time_left(&[load(20.0); 8], &[], ROOM, pace), Duration::from_secs(28), "two rows of 8 and 6 s");
        pace.saw(load(20.0), Duration::from_secs(10));
        assert_eq!(time_left(&[load(20.0); 8], &[], ROOM, pace), Duration::from_secs(20));
        let under_way = [(load(20.0), Duration::from_secs(4))];
        assert_eq!(time_left(&[load(740.0)], &under_way, ROOM, pace), Duration::from_secs(16));
        assert_eq!(time_left(&[], &[], ROOM, pace), Duration::ZERO);
    }
}
