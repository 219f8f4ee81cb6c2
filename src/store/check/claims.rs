//! Aliases and the documents that want them, forgotten as soon as both were seen.

use std::collections::HashMap;

use super::fault::Alias;
use crate::store::Id;
use crate::table::Key;

/// What was seen of one side only, and what more than one wants.
#[derive(Debug, Default)]
pub(super) struct Claims {
    open: HashMap<Key, Claim>,
    /// Aliases that name whose value they are.
    pub settled: u64,
}

#[derive(Debug)]
struct Claim {
    attribute: &'static str,
    wanted: Vec<Id>,
    held: Option<Id>,
}

impl Claims {
    /// The document of `id` has a value of this key.
    pub(super) fn want(&mut self, key: Key, attribute: &'static str, id: Id) {
        self.see(key, attribute, |claim| claim.wanted.push(id));
    }

    /// The alias of this key names `id`.
    pub(super) fn hold(&mut self, key: Key, attribute: &'static str, id: Id) {
        self.see(key, attribute, |claim| claim.held = Some(id));
    }

    fn see(&mut self, key: Key, attribute: &'static str, seen: impl FnOnce(&mut Claim)) {
        let mut claim = self.open.remove(&key).unwrap_or(Claim {
            attribute,
            wanted: vec![],
            held: None,
        });
        seen(&mut claim);
        if matches!((claim.wanted.as_slice(), claim.held), ([one], Some(held)) if *one == held) {
            self.settled += 1;
        } else {
            self.open.insert(key, claim);
        }
    }

    /// A second document that wants what was settled before stands alone here: the second look shows both.
    pub(super) fn faults(&self) -> impl Iterator<Item = Alias> {
        self.open.iter().map(|(key, claim)| {
            let mut wanted = claim.wanted.clone();
            wanted.sort();
            Alias {
                key: key.clone(),
                attribute: claim.attribute,
                wanted,
                held: claim.held,
            }
        })
    }
}
