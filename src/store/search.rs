//! Searching: the cheapest way to the candidates, then the whole filter on their documents. RFC 7644 §3.4.2.2.
//!
//! `eq` on what has an alias and on memberships is strong; a prefix of the name goes by index and may miss the
//! newest writes; everything else looks at every resource, up to a limit.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use super::access::{Access, access};
use super::aliases;
use super::derived::{Question, whole};
use super::keys::AliasValue;
use super::list::{PARALLEL, behind};
use super::paging::{Page, Paging, Position, Sort};
use super::read::MEMBERS_SHOWN_MAX;
use super::{Id, Record, StoreError, Tenant};
use crate::filter::Filter;
use crate::schema::ResourceType;
use crate::table::limits::BATCH_KEYS_MAX;
use crate::table::{Index, Query, Range};

/// Results that are sorted.
pub const SORT_MAX: u64 = 10_000;
/// Waits between looks at an alias and its document that do not agree yet.
const AGREE_MS: [u64; 4] = [5, 10, 20, 40];

/// Whatever a filter can match, of which some is read already.
#[derive(Debug, Default)]
struct Candidates {
    ids: BTreeSet<Id>,
    known: BTreeMap<Id, Record>,
}

impl Tenant {
    /// The page of resources that match `filter`, all of them without one, in the order of `sort` or of their ids.
    pub async fn search(
        &self,
        kind: &ResourceType,
        filter: Option<&Filter>,
        sort: Option<&Sort>,
        paging: &Paging,
    ) -> Result<Page, StoreError> {
        let access = filter.map_or(Access::Scan, |filter| access(kind, filter));
        let question = Question::new(kind, filter, &access);
        if let (Access::MembersOf(group), None, true) = (&access, sort, paging.is_cursor()) {
            return self.page_of_members(&question, *group, paging).await;
        }
        if access != Access::Scan {
            let candidates = self.candidates(&question, access).await?;
            let found = self.look_at(&question, candidates);
            return gather(kind, found, sort, paging).await;
        }
        if let (None, None) = (filter, sort) {
            return self.list(kind, paging).await;
        }
        let directory = self.scannable(kind, question.most()).await?;
        let choose = |records| self.matching(&question, records);
        if sort.is_none() && paging.is_cursor() {
            let buckets = behind(directory, paging.after());
            return self.walk(kind, buckets, paging, choose).await;
        }
        let found = self.read_buckets(kind, directory, choose);
        gather(kind, found, sort, paging).await
    }

    /// Everything that can match by one of the ways.
    async fn candidates(
        &self,
        question: &Question<'_>,
        access: Access,
    ) -> Result<Candidates, StoreError> {
        let (kind, most) = (question.kind, question.most());
        let Candidates { mut ids, mut known } = Candidates::default();
        let mut open = vec![access];
        while let Some(access) = open.pop() {
            match access {
                Access::Nothing | Access::Scan => {}
                Access::Id(id) => {
                    ids.insert(id);
                }
                Access::Alias(value) => {
                    known.extend(by_id(self.find_by_alias(kind, &value).await?));
                }
                Access::GroupsOf(member) => {
                    let groups = self.groups_within(member, most);
                    let (alive, groups) = tokio::join!(self.find(member), groups);
                    // However many edges a deleted member still has, it is in no group.
                    if alive?.is_some() {
                        known.extend(by_id(groups?));
                    }
                }
                Access::MembersOf(group) => ids.extend(self.members_within(group).await?),
                Access::Indexed(index, range) => {
                    self.find_by_index(question, index, range, &mut ids).await?;
                }
                Access::Union(arms) => open.extend(arms),
            }
        }
        ids.extend(known.keys());
        ids.retain(|id| id.resource_type() == kind.number);
        if ids.len() as u64 > most {
            return Err(StoreError::TooMany(most));
        }
        Ok(Candidates { ids, known })
    }

    /// What matches of the candidates, in the order of their ids. They are read as they are asked for: all of them
    /// would not fit the memory.
    fn look_at(
        &self,
        question: &Question<'_>,
        candidates: Candidates,
    ) -> impl Stream<Item = Result<Vec<Record>, StoreError>> + Send {
        let Candidates { ids, mut known } = candidates;
        let ids: Vec<Id> = ids.into_iter().collect();
        let part = |ids: &[Id]| {
            let (mut read, mut others) = (vec![], vec![]);
            for id in ids {
                match known.remove(id) {
                    Some(record) => read.push(record),
                    None => others.push(*id),
                }
            }
            (read, others)
        };
        let parts: Vec<(Vec<Record>, Vec<Id>)> = ids.chunks(BATCH_KEYS_MAX).map(part).collect();
        let look = move |(mut records, others): (Vec<Record>, Vec<Id>)| async move {
            records.extend(self.find_all(others).await?);
            records.sort_by_key(|record| record.id);
            self.matching(question, records).await
        };
        stream::iter(parts).map(look).buffered(PARALLEL)
    }

    /// The holders of a value. An alias whose document is not there or has another value is a change that is just
    /// becoming readable: look again until they agree.
    async fn find_by_alias(
        &self,
        resource_type: &ResourceType,
        value: &AliasValue,
    ) -> Result<Vec<Record>, StoreError> {
        let indexed = aliases::indexed(resource_type.number)
            .iter()
            .find(|indexed| indexed.name == value.attribute);
        let holds = |record: &Record| {
            indexed.is_some_and(|indexed| {
                aliases::norms(indexed, &record.document).contains(&value.norm)
            })
        };
        let mut waits = AGREE_MS.iter();
        loop {
            let pk = self.scope.aliases(resource_type.number, value);
            let most = MEMBERS_SHOWN_MAX;
            let rows = self.query_up_to(pk, Range::All, most + 1).await?;
            if rows.len() > most {
                return Err(StoreError::TooMany(most as u64));
            }
            let ids: BTreeSet<Id> = rows.iter().filter_map(aliases::holder).collect();
            let records = self.find_all(ids.iter().copied()).await?;
            let agree = records.len() == ids.len() && records.iter().all(holds);
            match waits.next() {
                Some(ms) if !agree => self.host().sleep_ms(*ms).await,
                _ => return Ok(records),
            }
        }
    }

    /// Pages may name one resource twice: it was renamed between them.
    async fn find_by_index(
        &self,
        question: &Question<'_>,
        index: Index,
        range: Range,
        ids: &mut BTreeSet<Id>,
    ) -> Result<(), StoreError> {
        let mut query = Query {
            range,
            ..Query::all(self.scope.indexed(index, question.kind.number))
        };
        loop {
            let page = self.table().query_index(index, &query).await?;
            let entries = page.items.iter();
            ids.extend(entries.filter_map(|item| Id::from_key(&item.key.sk)));
            if ids.len() as u64 > question.most() {
                return Err(StoreError::TooMany(question.most()));
            }
            query.after = page.next;
            if query.after.is_none() {
                return Ok(());
            }
        }
    }
}

fn by_id(records: Vec<Record>) -> impl Iterator<Item = (Id, Record)> {
    records.into_iter().map(|record| (record.id, record))
}

/// The page of what is found. What is not sorted comes in the order of the ids, and only the page is kept of it.
async fn gather(
    kind: &ResourceType,
    found: impl Stream<Item = Result<Vec<Record>, StoreError>> + Send,
    sort: Option<&Sort>,
    paging: &Paging,
) -> Result<Page, StoreError> {
    let mut found = std::pin::pin!(found);
    let (mut total, mut kept) = (0, vec![]);
    while let Some(records) = found.try_next().await? {
        for record in records {
            if sort.is_some() || paging.needs(record.id, total, kept.len()) {
                kept.push(record);
            }
            total += 1;
        }
        if sort.is_some() && total > SORT_MAX {
            return Err(StoreError::TooManySorted);
        }
    }
    if sort.is_some() {
        return Ok(paging.of(placed(kind, sort, kept), is_descending(sort)));
    }
    Ok(Page {
        total: Some(total),
        ..paging.cut(kept)
    })
}

/// The records with their places in the order.
fn placed(
    kind: &ResourceType,
    sort: Option<&Sort>,
    records: Vec<Record>,
) -> Vec<(Position, Record)> {
    let place = |record: Record| (position(kind, sort, &record), record);
    records.into_iter().map(place).collect()
}

/// The record's place in the order: a cursor leads on from it.
pub fn position(kind: &ResourceType, sort: Option<&Sort>, record: &Record) -> Position {
    let key = sort.and_then(|sort| sort.key(&whole(kind, record)));
    Position { key, id: record.id }
}

fn is_descending(sort: Option<&Sort>) -> bool {
    sort.is_some_and(|sort| sort.descending)
}
