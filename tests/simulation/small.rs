//! Small worlds, every schedule of them: depth first over all choices, the number of departures bounded.
//!
//! Going on with the same actor is free, as is any actor when that one has come to its end; every other choice (a
//! switch in the midst of a request, a crash, a jump of the clock, an item of a torn commit) is a departure.
//! `SIMULATE_BOUND=3` allows so many in every world or in that of `SIMULATE_WORLD`, `SIMULATE_PATH=<name>:0,0,1` plays one schedule and tells of every step.

use crate::choose::{Chooser, Path};
use crate::tally::Tally;
use crate::world::{Cast, Engine, Plan, Report, Scripts, play};
use crate::worlds::{few, more, others};

/// One small world.
#[derive(Clone)]
pub(crate) struct Small {
    pub name: &'static str,
    pub plan: Plan,
    pub scripts: fn(&Cast) -> Scripts,
    /// Departures of a short run.
    pub bound: u32,
}

impl Small {
    async fn play(&self, engine: &mut Engine, wanted: Path, traced: bool) -> Report {
        let chooser = Chooser::Path {
            wanted,
            taken: Path::default(),
        };
        play(engine, &self.plan, self.scripts, chooser, 7, None, traced).await
    }

    async fn explore(&self, bound: u32) -> (usize, Tally) {
        let (mut engine, mut path) = (Engine::default(), Path::default());
        let (mut schedules, mut tally) = (0, Tally::default());
        loop {
            let report = self.play(&mut engine, path, false).await;
            schedules += 1;
            tally.add(report.tally);
            if let Some(wrong) = report.wrong {
                let again = self
                    .play(&mut Engine::default(), report.path.clone(), true)
                    .await;
                let choices: Vec<String> =
                    report.path.0.iter().map(|(at, _)| at.to_string()).collect();
                println!("{}", again.trace);
                panic!(
                    "{wrong}\nplay it again: SIMULATE_PATH={}:{} cargo test --test simulation every_schedule",
                    self.name,
                    choices.join(",")
                );
            }
            match report.path.next(bound) {
                Some(next) => path = next,
                None => return (schedules, tally),
            }
        }
    }
}

/// The schedule that `SIMULATE_PATH` names.
async fn replay(text: &str) {
    let (name, choices) = text.split_once(':').expect("<name>:<choices>");
    let small = few()
        .into_iter()
        .chain(more())
        .chain(others())
        .find(|small| small.name == name)
        .expect("a small world");
    let choices = choices
        .split(',')
        .map(|at| (at.parse().expect("a number"), vec![]));
    let report = small
        .play(&mut Engine::default(), Path(choices.collect()), true)
        .await;
    println!("{}", report.trace);
    assert_eq!(report.wrong, None);
}

#[tokio::test]
async fn every_schedule() {
    if let Ok(text) = std::env::var("SIMULATE_PATH") {
        return replay(&text).await;
    }
    let bound = std::env::var("SIMULATE_BOUND")
        .ok()
        .and_then(|text| text.parse().ok());
    // Without a bound only a few, for their time.
    let more = bound.map_or_else(Vec::new, |_: u32| [more(), others()].concat());
    let only = std::env::var("SIMULATE_WORLD").ok();
    let wanted = |small: &Small| only.as_ref().is_none_or(|only| only == small.name);
    for small in few().into_iter().chain(more).filter(wanted) {
        let bound = bound.unwrap_or(small.bound);
        let began = std::time::Instant::now();
        let (schedules, tally) = small.explore(bound).await;
        println!(
            "{}: {schedules} schedules with up to {bound} departures, {tally}, {:?}",
            small.name,
            began.elapsed()
        );
    }
}
