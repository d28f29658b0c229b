//! The load itself: preflight, set-up, shoppers and faults on one clock, tear-down.

use super::actions::{self, Due};
use super::crowd;
use super::events::Door;
use super::load::Loaded;
use super::look::Lookout;
use super::monitor::Monitor;
use super::shown::{self, Noticed};
use super::statement::StatementReader;
use super::{Lifeline, Options, RunError, note, say};
use crate::arena::{Arena, preflight};
use crate::engine::{self, Course, Live, Once, Stop};
use crate::faults::{self, Controller};
use crate::{judgement, live};
use books::intake::{Fact, Intake, LoadEnd};
use books::rows::Batch;
use model::card::Card;
use model::fault::Provider;
use model::plan::{Arrival, Manner};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};

/// From the last preparation to the first possible arrival: threads start meanwhile.
const LEAD: Duration = Duration::from_millis(300);

/// How long shoppers under way may still take after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

/// Numbers of arrivals that are not in the plan: canaries, set-up and tear-down.
const OUTSIDE_THE_PLAN: u64 = 1 << 40;

/// What the generator says of itself at the end: facts by name.
type Figures = Vec<(&'static str, String)>;

/// What is shared by everything that happens during the load.
struct Stage<'a> {
    options: &'a Options,
    loaded: &'a Loaded,
    run: &'a str,
    arena: &'a Arc<Arena>,
    intake: &'a Intake,
    halt: watch::Sender<Option<Stop>>,
    /// Whether the load was ended early.
    cut: Arc<AtomicBool>,
}

/// Drives the load to its end with all faults undone; gives back the statement's reader, where there is a statement.
pub async fn drive(
    options: &Options,
    loaded: &Loaded,
    run: &str,
    arena: &Arc<Arena>,
    intake: &Intake,
    file: &Path,
    door: Option<Door>,
) -> Result<Option<StatementReader>, RunError> {
    let stage = Stage { options, loaded, run, arena, intake, halt: watch::Sender::new(None), cut: Arc::default() };
    stage.watch_for_interrupt();
    let mut variables = variables(loaded, arena)?;
    let prepared_at = Instant::now();
    preflight(&stage.walk_of_a_canary(&variables, prepared_at)?, arena, intake).await?;
    for (nth, journey) in loaded.scenario.set_up.iter().enumerate() {
        let walked = stage.walk(*journey, nth as u64 + 1, &variables, prepared_at).await?;
        variables.extend(walked.captured);
    }
    let driven = stage.load(&variables, file, door).await?;
    for (nth, journey) in loaded.scenario.tear_down.iter().enumerate() {
        stage.walk(*journey, nth as u64 + 1001, &variables, prepared_at).await?;
    }
    Ok(driven)
}

impl Stage<'_> {
    /// Ctrl-C ends the load in good order; a second one ends the harness, whose children and leases end with it.
    fn watch_for_interrupt(&self) {
        let (halt, cut) = (self.halt.clone(), Arc::clone(&self.cut));
        let mut lifeline = self.options.lifeline;
        tokio::spawn(async move {
            for _ in 0..2 {
                // A lifeline ends once: what stays closed does not tell the load to end a second time.
                if told_to_end(std::mem::take(&mut lifeline)).await.is_none() {
                    return;
                }
                if cut.swap(true, Ordering::Relaxed) {
                    say("interrupted twice: ending at once; `doorbuster check` judges what was written");
                    std::process::exit(130);
                }
                say("interrupted: ending the load, undoing the faults, judging what there is (again: end at once)");
                halt.send_replace(Some(Stop { grace: GRACE }));
            }
        });
    }

    /// Everything on the run clock.
    async fn load(
        &self,
        variables: &Map<String, Value>,
        file: &Path,
        door: Option<Door>,
    ) -> Result<Option<StatementReader>, RunError> {
        let scenario = &self.loaded.scenario;
        let start = Instant::now() + LEAD;
        note(self.intake.fact(Fact::LoadBegan(unix_us() + LEAD.as_micros() as u64)));
        let live = Arc::new(Live::new(self.loaded.plan.duration() + scenario.traffic.drain));
        let over = watch::Sender::new(false);

        let (commands, received) = mpsc::channel(16);
        let controller =
            tokio::spawn(Controller::new(Arc::clone(self.arena), start, self.intake.clone()).run(received));
        let timeline = tokio::spawn({
            let (faults, run, seed) = (scenario.faults.clone(), self.run.to_owned(), scenario.seed);
            async move { faults::timeline(&faults, &run, seed, start, commands).await }
        });
        let monitor = {
            let (halt, cut) = (self.halt.clone(), Arc::clone(&self.cut));
            let stop = move |why: String| {
                say(&format!("{why}: ending the load"));
                cut.store(true, Ordering::Relaxed);
                halt.send_replace(Some(Stop { grace: Duration::ZERO }));
            };
            let monitor = Monitor::new(Arc::clone(self.arena), start, self.intake.clone(), stop).await;
            tokio::spawn(monitor.run(over.subscribe()))
        };
        let reader = self.arena.admin().ok().map(|admin| StatementReader::new(admin.clone()));
        let reader = reader.map(|reader| tokio::spawn(reader.follow(self.intake.clone(), over.subscribe())));
        let noticed = Arc::new(Mutex::new(Noticed::default()));
        let laws = tokio::spawn(self.look_at_laws(file, &noticed, over.subscribe()));
        let view = tokio::spawn({
            let (loaded, live, noticed) = (self.loaded.clone(), Arc::clone(&live), Arc::clone(&noticed));
            live::show(self.options.view, move || shown::snapshot(&loaded, &live, start, &noticed), over.subscribe())
        });

        let actions = tokio::spawn(actions::carry_out(self.actions(variables, start), start, self.intake.clone()));
        let door = door.map(|door| {
            say(&format!("events are taken in at http://{}/events", door.address));
            tokio::spawn(door.take_in(start, self.intake.clone(), over.subscribe()))
        });

        let course = Course {
            scenario: Arc::clone(scenario),
            plan: Arc::clone(&self.loaded.plan),
            run: self.run.to_owned(),
            shop: self.arena.shop_urls.clone(),
            variables: variables.clone(),
            start,
            workers: self.options.workers,
            stop: self.halt.subscribe(),
            live,
        };
        let (intake, halt, cut) = (self.intake.clone(), self.halt.clone(), Arc::clone(&self.cut));
        let sink = move |batch| {
            // A run whose books cannot be written proves nothing: it ends.
            if intake.give(batch).is_err() && !cut.swap(true, Ordering::Relaxed) {
                halt.send_replace(Some(Stop { grace: Duration::ZERO }));
            }
        };
        let driven = self.drive_shoppers(course, sink, file).await;

        timeline.abort();
        // The timeline's end closes the stream of commands, and the controller undoes what is still active.
        drop(timeline.await);
        over.send_replace(true);
        if self.cut.load(Ordering::Relaxed) {
            actions.abort();
        }
        let undone = actions.await.unwrap_or_default();
        for mishap in controller.await.expect("the controller does not panic").into_iter().chain(undone) {
            say(&mishap);
        }
        if let Some(door) = door {
            drop(door.await);
        }
        monitor.await.expect("the monitor does not panic");
        laws.abort();
        drop(view.await);
        let reader = match reader {
            Some(reader) => Some(reader.await.expect("the reader does not panic")),
            None => None,
        };
        let figures = driven?;
        let end = if self.cut.load(Ordering::Relaxed) { LoadEnd::Interrupted } else { LoadEnd::Completed };
        for (name, value) in figures {
            note(self.intake.fact(Fact::Other { name: name.into(), value }));
        }
        note(self.intake.fact(Fact::LoadEnded(end)));
        Ok(reader)
    }

    /// Drives the open model here, a closed one in a child; gives back the generator's figures.
    async fn drive_shoppers(
        &self,
        course: Course,
        sink: impl Fn(Batch) + Clone + Send + 'static,
        file: &Path,
    ) -> Result<Figures, RunError> {
        if course.scenario.traffic.crowd.is_some() {
            let directory = file.with_file_name("arena");
            let workers = course.workers;
            let closing = crowd::drive(self.options, &self.loaded.plan_hash, course, &directory, sink).await?;
            return Ok(vec![
                ("generator.requests", closing.requests.to_string()),
                ("generator.cpu_s", closing.cpu_s.to_string()),
                ("generator.workers", workers.to_string()),
                ("generator.ended_us", closing.ended_us.to_string()),
            ]);
        }
        let driven = tokio::task::spawn_blocking(move || engine::drive(&course, sink)).await;
        let driven = driven.expect("the engine reports its panics")?;
        Ok(vec![
            ("generator.requests", driven.requests.to_string()),
            ("generator.cpu_s", driven.cpu().as_secs_f64().to_string()),
            ("generator.workers", driven.workers.len().to_string()),
            ("generator.lag_p50_us", driven.lag_us_at(0.5).to_string()),
            ("generator.lag_p99_us", driven.lag_us_at(0.99).to_string()),
            ("generator.lag_max_us", driven.lag_us_at(1.0).to_string()),
            ("generator.ended_us", driven.ended_us.to_string()),
        ])
    }

    /// The scenario's actions, each with its request.
    fn actions(&self, variables: &Map<String, Value>, start: Instant) -> Vec<Due> {
        let actions = self.loaded.scenario.actions.iter().zip(2001..);
        actions
            .map(|(action, nth)| Due {
                name: action.name.clone(),
                at: action.at,
                walk: self.once(action.journey, nth, variables, start),
            })
            .collect()
    }

    /// Looks at the laws now and then; one that the run was to hold ends the load once it is broken.
    fn look_at_laws(
        &self,
        file: &Path,
        noticed: &Arc<Mutex<Noticed>>,
        over: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let lookout = Lookout {
            loaded: self.loaded.clone(),
            arena: Arc::clone(self.arena),
            intake: self.intake.clone(),
            file: file.to_owned(),
            noticed: Arc::clone(noticed),
            until_broken: self.options.until_broken.clone(),
        };
        let (halt, cut, intake) = (self.halt.clone(), Arc::clone(&self.cut), self.intake.clone());
        let broken = move |law: &str| {
            say(&format!("`{law}` is broken beyond doubt: ending the load"));
            note(intake.fact(Fact::Other { name: judgement::ENDED_BY_LAW.into(), value: law.into() }));
            cut.store(true, Ordering::Relaxed);
            halt.send_replace(Some(Stop { grace: GRACE }));
        };
        lookout.keep(over, broken)
    }

    /// A walk outside the plan.
    async fn walk(
        &self,
        journey: usize,
        nth: u64,
        variables: &Map<String, Value>,
        start: Instant,
    ) -> Result<engine::Walked, RunError> {
        let walked = engine::run_once(self.once(journey, nth, variables, start)).await?;
        note(self.intake.give(walked.batch.clone()));
        let name = &self.loaded.scenario.journeys[journey].name;
        match walked.end.outcome {
            model::outcome::Outcome::Completed | model::outcome::Outcome::Confirmed => Ok(walked),
            other => Err(RunError::Walk { journey: name.clone(), outcome: other.name(), step: walked.end.step }),
        }
    }

    fn walk_of_a_canary(&self, variables: &Map<String, Value>, start: Instant) -> Result<Once, RunError> {
        let scenario = &self.loaded.scenario;
        let buyer = scenario.mix.iter().map(|entry| entry.journey).find(|journey| scenario.journeys[*journey].buys());
        let journey = buyer.or_else(|| scenario.mix.first().map(|entry| entry.journey)).ok_or(RunError::NothingToDo)?;
        Ok(self.once(journey, 0, variables, start))
    }

    fn once(&self, journey: usize, nth: u64, variables: &Map<String, Value>, start: Instant) -> Once {
        let seed = self.loaded.scenario.seed.fork("outside the plan").fork_nth(nth);
        let shopper = Arrival {
            number: OUTSIDE_THE_PLAN + nth,
            intended_us: 0,
            mix: 0,
            card: Card::Ok,
            manner: Manner { repeats: 3, looks: true, ..Manner::default() },
            seed,
        };
        Once {
            scenario: Arc::clone(&self.loaded.scenario),
            journey,
            shopper,
            run: self.run.to_owned(),
            shop: self.arena.shop_urls.clone(),
            variables: variables.clone(),
            start,
        }
    }
}

/// Variables that are the same for everyone.
fn variables(loaded: &Loaded, arena: &Arena) -> Result<Map<String, Value>, RunError> {
    let mut variables = Map::new();
    variables.insert("shop".into(), json!({ "url": arena.shop_url() }));
    for (provider, address) in &arena.provider_urls {
        let mut members = json!({ "url": address });
        if *provider == Provider::Payment {
            members["publishable_key"] = arena.publishable_key.clone().into();
        }
        variables.insert(provider.name().into(), members);
    }
    for name in &loaded.scenario.secrets {
        let value = std::env::var(name).map_err(|_| RunError::SecretMissing(name.clone()))?;
        variables.insert(format!("env:{name}"), value.into());
    }
    Ok(variables)
}

/// Until Ctrl-C or SIGTERM, or the end of the lifeline; none where the system gives no signals.
async fn told_to_end(lifeline: Lifeline) -> Option<()> {
    if lifeline == Lifeline::StandardInput {
        // It catches the signals too.
        chaos::process::lifeline_closed().await;
        return Some(());
    }
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok()?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.ok(),
        terminated = terminate.recv() => terminated,
    }
}

fn unix_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}
