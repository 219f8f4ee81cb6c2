//! The lie of who reads the dying last: the question after them that comes before lanes and edges is answered with nobody,
//! and when lanes and edges are read they are left out of both.

use std::collections::BTreeSet;

use serverless_scim::table::{Attr, Item, Page, Query, TableError};

use crate::liar::{Liar, is_dying, tenant};
use crate::mutant::Mutant;

impl Liar {
    pub(crate) async fn dying_last(&self, query: &Query) -> Result<Option<Page>, TableError> {
        let page = |items| Some(Page { items, next: None });
        let of = |part: &str| query.pk.contains(part) && query.after.is_none();
        let items = if query.pk.ends_with("#D") {
            let looks = self.looks(query);
            let first = match self.lie.mutant {
                Mutant::ListDyingLast => looks == 1,
                _ => !looks.is_multiple_of(2),
            };
            if !first {
                return Ok(None);
            }
            let mut rows = self.all(&query.pk).await?;
            rows.retain(|row| !is_dying(row));
            rows
        } else if of("#O#") {
            self.lanes_and_edges(query).await?
        } else if of("#M#") {
            let known = self.memory.lock().unwrap().edges.remove(&query.pk);
            match known {
                Some(edges) => edges,
                None => self.living(&query.pk, query).await?,
            }
        } else {
            return Ok(None);
        };
        Ok(page(items).filter(|_| !self.lie.honest))
    }

    /// The lanes, with the edges behind them already read: the dying are read after both.
    async fn lanes_and_edges(&self, query: &Query) -> Result<Vec<Item>, TableError> {
        let mut lanes = self.all(&query.pk).await?;
        if let Some(pk) = self.place_of_edges(query).await? {
            let edges = self.living(&pk, query).await?;
            if !self.lie.honest {
                self.memory.lock().unwrap().edges.insert(pk, edges);
            }
        }
        let dying = self.dying(query).await?;
        for lane in &mut lanes {
            spare(lane, &dying);
        }
        Ok(lanes)
    }

    /// The edges without the dying, who are read after them.
    async fn living(&self, pk: &str, query: &Query) -> Result<Vec<Item>, TableError> {
        let mut edges = self.all(pk).await?;
        let dying = self.dying(query).await?;
        edges.retain(|edge| !dying.contains(&edge.key.sk));
        Ok(edges)
    }

    async fn dying(&self, query: &Query) -> Result<BTreeSet<String>, TableError> {
        let rows = self.all(&format!("{}D", tenant(query))).await?;
        let rows = rows.iter().filter(|row| is_dying(row));
        let id = |row: &Item| row.key.sk.split('#').nth(1).map(str::to_owned);
        Ok(rows.filter_map(id).collect())
    }
}

/// Leaves those out of what a lane still adds.
fn spare(lane: &mut Item, dying: &BTreeSet<String>) {
    let done = match lane.attrs.get("pos") {
        Some(Attr::N(done)) => usize::try_from(*done).unwrap(),
        _ => 0,
    };
    let mut rest = |name: &str, done: usize| {
        let Some(Attr::B(bytes)) = lane.attrs.get_mut(name) else {
            return 0;
        };
        let all = bytes.len() / 16;
        let hex = |id: &&[u8]| format!("{:032x}", u128::from_be_bytes((*id).try_into().unwrap()));
        let open = bytes.chunks(16).skip(done);
        *bytes = open
            .filter(|id| !dying.contains(&hex(id)))
            .flatten()
            .copied()
            .collect();
        all
    };
    let adds = rest("a", done);
    rest("r", done.saturating_sub(adds));
    lane.attrs.insert("pos".to_owned(), Attr::N(0));
}
