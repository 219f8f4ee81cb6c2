//! How long answers took, by kind of request.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

/// Of one kind of request, by nearest rank.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Latency {
    pub(super) kind: String,
    pub(super) count: usize,
    pub p50: Duration,
    pub p99: Duration,
    pub(super) max: Duration,
}

pub(super) fn summary(measured: &BTreeMap<String, Vec<Duration>>) -> Vec<Latency> {
    measured
        .iter()
        .map(|(kind, times)| {
            let mut times = times.clone();
            times.sort_unstable();
            Latency {
                kind: kind.clone(),
                count: times.len(),
                p50: rank(&times, 50),
                p99: rank(&times, 99),
                max: rank(&times, 100),
            }
        })
        .collect()
}

fn rank(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

/// Milliseconds with one digit after the point.
pub(super) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

impl Latency {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "request": self.kind,
            "count": self.count,
            "p50Ms": milliseconds(self.p50),
            "p99Ms": milliseconds(self.p99),
            "maxMs": milliseconds(self.max),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_measured_values_by_nearest_rank() {
        let of = |range: std::ops::RangeInclusive<u64>| {
            let times: Vec<Duration> = range.rev().map(Duration::from_millis).collect();
            let found = summary(&BTreeMap::from([("GET /".to_owned(), times)]));
            let found = found[0].clone();
            [found.p50, found.p99, found.max].map(|time| time.as_millis())
        };
        assert_eq!(of(1..=100), [50, 99, 100]);
        assert_eq!(of(1..=200), [100, 198, 200]);
        assert_eq!(of(1..=3), [2, 3, 3]);
        assert_eq!(of(7..=7), [7, 7, 7]);
    }
}
