//! Which run comes next: round by round, as many beside each other as the machine carries, heavy ones alone at the end of their
//! round. Pure, so that it can foretell the time that is left.

use std::time::Duration;

/// Arrivals a second that a job has room for. Four runs of 40/s beside each other on two cores kept their budgets.
const JOB_PER_S: f64 = 45.0;

/// From a load's length to that of its run, before one was seen, in seconds: start, quiet, judgement.
const OVERHEAD_S: f64 = 6.0;

/// No run takes less than this, however soon its load ended.
const RUN_MIN: Duration = Duration::from_secs(1);

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

/// A run that waits for its turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queued {
    /// What it takes.
    pub load: Load,
    /// Runs of a later round begin once all of this one have begun, so that what is cut off has covered everything that it could.
    pub round: u64,
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

/// Which of the waiting runs may begin beside those under way: the first of the earliest round that fits. One that fits beside
/// nothing waits until the machine is its own, so that the light ones of its round come before it.
#[must_use]
pub fn next(waiting: &[Queued], under_way: &[Load], room: Room) -> Option<usize> {
    if under_way.len() >= room.jobs {
        return None;
    }
    let round = waiting.iter().map(|it| it.round).min()?;
    let taken: f64 = under_way.iter().map(|load| room.weight(*load)).sum();
    let fits = |load| room.weight(load) < room.per_s && taken + room.weight(load) <= room.per_s;
    match waiting.iter().position(|it| it.round == round && fits(it.load)) {
        None if under_way.is_empty() => waiting.iter().position(|it| it.round == round),
        first => first,
    }
}

/// How much longer runs took than their load, so far; less than nothing where they ended at their proof.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    runs: u32,
    beyond_s: f64,
}

impl Pace {
    /// Takes a run into account.
    pub fn saw(&mut self, load: Load, took: Duration) {
        self.runs += 1;
        self.beyond_s += took.as_secs_f64() - load.planned.as_secs_f64();
    }

    /// How long a run of this load is expected to take.
    #[must_use]
    pub fn expects(self, load: Load) -> Duration {
        let beyond_s = if self.runs == 0 { OVERHEAD_S } else { self.beyond_s / f64::from(self.runs) };
        Duration::from_secs_f64((load.planned.as_secs_f64() + beyond_s).max(0.0)).max(RUN_MIN)
    }
}

/// How long it takes until all these runs are done, those under way (with the time since their start) and those waiting.
#[must_use]
pub fn time_left(waiting: &[Queued], under_way: &[(Load, Duration)], room: Room, pace: Pace) -> Duration {
    let mut waiting = waiting.to_vec();
    let mut ends: Vec<(Duration, Load)> =
        under_way.iter().map(|(load, since)| (pace.expects(*load).saturating_sub(*since), *load)).collect();
    let mut now = Duration::ZERO;
    loop {
        let loads: Vec<Load> = ends.iter().map(|(_, load)| *load).collect();
        if let Some(chosen) = next(&waiting, &loads, room) {
            let load = waiting.remove(chosen).load;
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

    const ROOM: Room = Room { jobs: 4, per_s: 180.0 };

    fn load(peak_per_s: f64) -> Load {
        Load { peak_per_s: Some(peak_per_s), planned: Duration::from_secs(8), longest: Duration::from_secs(20) }
    }

    fn crowd() -> Load {
        Load { peak_per_s: None, ..load(0.0) }
    }

    fn queued(load: Load, round: u64) -> Queued {
        Queued { load, round }
    }

    fn first(load: Load) -> Queued {
        queued(load, 1)
    }

    #[test]
    fn light_runs_go_beside_each_other_up_to_jobs_and_rate() {
        let light = load(20.0);
        assert_eq!(next(&[first(light)], &[light; 3], ROOM), Some(0));
        assert_eq!(next(&[first(light)], &[light; 4], ROOM), None, "four are enough");
        assert_eq!(next(&[load(100.0), light].map(first), &[load(100.0)], ROOM), Some(1), "the first that fits");
        assert_eq!(next(&[first(load(100.0))], &[load(100.0)], ROOM), None);
        assert_eq!(next(&[], &[], ROOM), None);
    }

    #[test]
    fn a_heavy_run_is_alone_and_the_last_of_its_round() {
        for alone in [load(740.0), crowd()] {
            assert_eq!(next(&[alone, load(20.0)].map(first), &[], ROOM), Some(1));
            assert_eq!(next(&[alone].map(first), &[load(1.0)], ROOM), None);
            assert_eq!(next(&[alone, alone].map(first), &[], ROOM), Some(0));
            assert_eq!(next(&[load(1.0)].map(first), &[alone], ROOM), None);
        }
    }

    #[test]
    fn a_round_begins_once_all_of_the_one_before_have_begun() {
        let (light, heavy) = (load(20.0), load(740.0));
        let waiting = [queued(light, 2), queued(heavy, 1)];
        assert_eq!(next(&waiting, &[light], ROOM), None, "the machine empties for the heavy one");
        assert_eq!(next(&waiting, &[], ROOM), Some(1));
        assert_eq!(next(&waiting[..1], &[light], ROOM), Some(0), "and no longer than that");
        let second_go = queued(crowd(), u64::MAX);
        assert_eq!(next(&[second_go, queued(light, 2)], &[light], ROOM), Some(1), "a second go holds nobody up");
    }

    #[test]
    fn the_time_left_follows_the_schedule_and_the_runs_seen() {
        let mut pace = Pace::default();
        let eight = [first(load(20.0)); 8];
        assert_eq!(time_left(&eight, &[], ROOM, pace), Duration::from_secs(28), "two rows of 8 and 6 s");
        pace.saw(load(20.0), Duration::from_secs(10));
        assert_eq!(time_left(&eight, &[], ROOM, pace), Duration::from_secs(20));
        let under_way = [(load(20.0), Duration::from_secs(4))];
        assert_eq!(time_left(&[first(load(740.0))], &under_way, ROOM, pace), Duration::from_secs(16));
        let rounds = [queued(load(20.0), 2), queued(load(740.0), 1)];
        assert_eq!(time_left(&rounds, &under_way, ROOM, pace), Duration::from_secs(26), "one after the other");
        assert_eq!(time_left(&[], &[], ROOM, pace), Duration::ZERO);
    }

    #[test]
    fn runs_that_end_at_their_proof_are_expected_to_go_on_doing_so() {
        let mut pace = Pace::default();
        pace.saw(load(20.0), Duration::from_secs(4));
        assert_eq!(pace.expects(load(20.0)), Duration::from_secs(4));
        assert_eq!(pace.expects(Load { planned: Duration::from_secs(2), ..load(20.0) }), RUN_MIN);
    }
}
