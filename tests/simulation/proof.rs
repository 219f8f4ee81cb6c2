//! Proof that the simulation sees: each rule left out makes it fail, within so many seeds.

use crate::mutant::{ALL, Mutant};
use crate::random;
use crate::world::Engine;

const SEEDS: u64 = 400;

async fn caught(mutant: Mutant) -> Option<(u64, String)> {
    let mut engine = Engine::default();
    for seed in 0..SEEDS {
        if let Some(wrong) = random::run(&mut engine, seed, Some(mutant), false).await.wrong {
            return Some((seed, wrong));
        }
    }
    None
}

#[tokio::test]
async fn every_rule_is_needed() {
    let mut uncaught = vec![];
    for mutant in ALL {
        let began = std::time::Instant::now();
        match caught(mutant).await {
            Some((seed, wrong)) => println!("{mutant:?}: seed {seed}, {:?}: {}", began.elapsed(), wrong.chars().take(150).collect::<String>()),
            None => uncaught.push(mutant),
        }
    }
    assert_eq!(uncaught, [], "not caught");
}
