//! The rounds, and what they say: medians, ratios, growth.

use std::fmt;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::cases::{Case, Operation};
use crate::home::{Failed, Home};

/// Rounds that are not counted: caches fill, code is paged in.
const WARM_UP: u64 = 20;

/// Sends every case once a round, so that whatever else the machine does hits all sizes alike.
pub(crate) async fn rounds(home: &Home, cases: &mut [Case], rounds: u64) -> Result<(), Failed> {
    let bar = ProgressBar::new(WARM_UP + rounds);
    for round in 0..WARM_UP + rounds {
        for of_one_operation in cases.chunk_by_mut(|one, other| one.operation == other.operation) {
            let sizes = of_one_operation.len();
            for turn in 0..sizes {
                // Nobody goes first every time.
                let at = (turn + usize::try_from(round)?) % sizes;
                let Some(case) = of_one_operation.get_mut(at) else {
                    continue;
                };
                let took = case.ask(home, round).await?;
                if round >= WARM_UP {
                    case.times.push(took);
                }
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// One operation over its sizes.
#[derive(Debug)]
pub(crate) struct Growth {
    pub(crate) operation: Operation,
    pub(crate) points: Vec<Point>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) size: u64,
    pub(crate) median: Duration,
    pub(crate) p90: Duration,
}

impl Growth {
    pub(crate) fn of(cases: &[Case]) -> Vec<Self> {
        cases
            .chunk_by(|one, other| one.operation == other.operation)
            .filter_map(|cases| {
                Some(Self {
                    operation: cases.first()?.operation,
                    points: cases.iter().map(Point::of).collect(),
                })
            })
            .collect()
    }

    /// The slope of log time over log size, by least squares: 0 is no growth, 1 is proportional. One size has none.
    pub(crate) fn exponent(&self) -> Option<f64> {
        let logs = self.points.iter().map(|point| {
            let size = f64::from(u32::try_from(point.size).unwrap_or(u32::MAX));
            (size.ln(), point.median.as_secs_f64().ln())
        });
        let count = f64::from(u32::try_from(self.points.len()).unwrap_or(u32::MAX));
        let (x, y) = logs
            .clone()
            .fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x, sum.1 + y));
        let (x, y) = (x / count, y / count);
        let (above, below) = logs.fold((0.0, 0.0), |sum, (size, time)| {
            (sum.0 + (size - x) * (time - y), sum.1 + (size - x).powi(2))
        });
        (self.points.len() > 1).then_some(above / below)
    }
}

impl Point {
    fn of(case: &Case) -> Self {
        let mut times = case.times.clone();
        times.sort_unstable();
        let at = |tenths: usize| {
            times
                .get(times.len() * tenths / 10)
                .copied()
                .unwrap_or_default()
        };
        Self {
            size: case.size,
            median: at(5),
            p90: at(9),
        }
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.operation.name();
        writeln!(
            f,
            "{name:<26} {:>10} {:>8} {:>8} {:>6}",
            "size", "median", "p90", "ratio"
        )?;
        let seconds = |point: &Point| point.median.as_secs_f64();
        let first = self.points.first().map(seconds).unwrap_or_default();
        for point in &self.points {
            let (median, p90) = (seconds(point) * 1e3, point.p90.as_secs_f64() * 1e3);
            let (size, ratio) = (point.size, seconds(point) / first);
            writeln!(f, "{size:>37} {median:>8.3} {p90:>8.3} {ratio:>6.2}")?;
        }
        match self.exponent() {
            Some(exponent) => writeln!(f, "{:>37} {exponent:>8.3}", "growth exponent"),
            None => Ok(()),
        }
    }
}
