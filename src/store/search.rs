//! Searching: the cheapest way to the candidates, then the whole filter on their documents. RFC 7644 §3.4.2.2.
//!
//! `eq` on what has an alias and on memberships is strong; a prefix of the name goes by index and may miss the
//! newest writes; everything else looks at every resource, up to a limit.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt as _;

use super::access::{Access, access};
use super::aliases;
use super::derived::{Question, whole};
use super::keys::AliasValue;
use super::list::{SCAN_MAX, behind};
use super::paging::{Page, Paging, Position, Sort};
use super::read::MEMBERS_SHOWN_MAX;
use super::{Id, Membership, Record, StoreError, Tenant};
use crate::filter::Filter;
use crate::schema::ResourceType;
use crate::table::{Index, Query, Range};

/// Results that are sorted without an index.
pub const SORT_MAX: u64 = 10_000;
/// Waits between looks at an alias and its document that do not agree yet.
const AGREE_MS: [u64; 4] = [5, 10, 20, 40];

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
            let mut candidates = BTreeMap::new();
            self.candidates(kind, access, &mut candidates).await?;
            let records = candidates.into_values().collect();
            let records = self.matching(&question, records).await?;
            return Ok(paging.of(placed(kind, sort, records), is_descending(sort)));
        }
        match (filter, sort) {
            (None, None) => self.list(kind, paging).await,
            (Some(_), None) if paging.is_cursor() => {
                let directory = self.scannable(kind, question.most()).await?;
                let choose = |records| self.matching(&question, records);
                self.walk(kind, behind(directory, paging.after()), paging, choose)
                    .await
            }
            _ => self.scan(&question, sort, paging).await,
        }
    }

    /// Looks at every resource. What is not sorted keeps only the page in memory.
    async fn scan(
        &self,
        question: &Question<'_>,
        sort: Option<&Sort>,
        paging: &Paging,
    ) -> Result<Page, StoreError> {
        let kind = question.kind;
        let directory = self.scannable(kind, question.most()).await?;
        let choose = |records| self.matching(question, records);
        let mut buckets = std::pin::pin!(self.read_buckets(kind, directory, choose));
        let (mut total, mut kept) = (0, vec![]);
        let window = paging.skip()..paging.skip().saturating_add(paging.limit() as u64);
        while let Some(records) = buckets.try_next().await? {
            for record in records {
                if sort.is_some() || window.contains(&total) {
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
            records: kept,
            next: None,
        })
    }

    async fn candidates(
        &self,
        resource_type: &ResourceType,
        access: Access,
        found: &mut BTreeMap<Id, Record>,
    ) -> Result<(), StoreError> {
        let mut open = vec![access];
        while let Some(access) = open.pop() {
            let records = match access {
                Access::Nothing | Access::Scan => vec![],
                Access::Id(id) => self.find(id).await?.into_iter().collect(),
                Access::Alias(value) => self.find_by_alias(resource_type, &value).await?,
                Access::GroupsOf(member) => self.groups_of(member).await?,
                Access::MembersOf(group) => {
                    match self.get_with_members(group, MEMBERS_SHOWN_MAX).await {
                        Ok((_, Membership::Shown(ids))) => self.find_all(ids).await?,
                        Ok((_, Membership::TooMany)) => return Err(StoreError::TooMany),
                        Err(StoreError::NotFound) => vec![],
                        Err(error) => return Err(error),
                    }
                }
                Access::Indexed(index, range) => {
                    self.find_by_index(resource_type, index, range).await?
                }
                Access::Union(arms) => {
                    open.extend(arms);
                    vec![]
                }
            };
            let of_type = records
                .into_iter()
                .filter(|record| record.id.resource_type() == resource_type.number);
            found.extend(of_type.map(|record| (record.id, record)));
        }
        Ok(())
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
            let rows = self
                .query_up_to(
                    self.scope.aliases(resource_type.number, value),
                    Range::All,
                    MEMBERS_SHOWN_MAX,
                )
                .await?;
            let ids: BTreeSet<Id> = rows.iter().filter_map(aliases::holder).collect();
            let records = self.find_all(ids.iter().copied()).await?;
            let agree = records.len() == ids.len() && records.iter().all(holds);
            match waits.next() {
                Some(ms) if !agree => self.host().sleep_ms(*ms).await,
                _ => return Ok(records),
            }
        }
    }

    async fn find_by_index(
        &self,
        kind: &ResourceType,
        index: Index,
        range: Range,
    ) -> Result<Vec<Record>, StoreError> {
        let pk = self.scope.indexed(index, kind.number);
        let mut ids = Vec::new();
        let mut after = None;
        loop {
            let query = Query {
                pk: pk.clone(),
                range: range.clone(),
                descending: false,
                limit: None,
                after,
            };
            let page = self.table().query_index(index, &query).await?;
            ids.extend(
                page.items
                    .iter()
                    .filter_map(|item| Id::from_key(&item.key.sk)),
            );
            if ids.len() as u64 > SCAN_MAX {
                return Err(StoreError::TooMany);
            }
            after = page.next;
            if after.is_none() {
                return self.find_all(ids).await;
            }
        }
    }
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
