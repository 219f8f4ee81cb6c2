//! Searching: the cheapest way to the candidates, then the whole filter on their documents. RFC 7644 §3.4.2.2.
//!
//! `eq` on what has an alias and on memberships is strong; a prefix of the name goes by index and may miss the
//! newest writes; everything else looks at every resource, up to a limit.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::access::{Access, Derived, access};
use super::aliases;
use super::keys::{self, AliasValue};
use super::list::{Page, Paging, SCAN_MAX};
use super::read::MEMBERS_SHOWN_MAX;
use super::{Id, Membership, Record, StoreError, Tenant};
use crate::filter::Filter;
use crate::schema::{Document, ResourceType, timestamp};
use crate::table::{BY_NAME, Query, Range};

/// Candidates that may be looked at where the filter asks for members or groups of each.
const DERIVED_MAX: u64 = 1_000;
/// Waits between looks at an alias and its document that do not agree yet.
const AGREE_MS: [u64; 4] = [5, 10, 20, 40];
/// Candidates looked at side by side.
const PARALLEL: usize = 16;

impl Tenant {
    /// The page of resources that `filter` matches, with the exact total.
    pub async fn search(
        &self,
        resource_type: &ResourceType,
        filter: &Filter,
        paging: Paging,
    ) -> Result<Page, StoreError> {
        let window = paging.window();
        let mut page = Page::default();
        let mut keep = |record: Record| {
            if window.contains(&page.total) {
                page.records.push(record);
            }
            page.total += 1;
        };
        let access = access(resource_type, filter);
        if access == Access::Scan {
            let max = if Derived::of(filter).is_asked() {
                DERIVED_MAX
            } else {
                SCAN_MAX
            };
            let mut buckets = std::pin::pin!(self.scan(resource_type, max).await?);
            while let Some(records) = buckets.try_next().await? {
                self.matching(resource_type, filter, records)
                    .await?
                    .into_iter()
                    .for_each(&mut keep);
            }
        } else {
            let mut candidates = BTreeMap::new();
            self.candidates(resource_type, access, &mut candidates)
                .await?;
            let records = candidates.into_values().collect();
            self.matching(resource_type, filter, records)
                .await?
                .into_iter()
                .for_each(&mut keep);
        }
        Ok(page)
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
                Access::NamePrefix(prefix) => self.find_by_name(resource_type, &prefix).await?,
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

    async fn find_by_name(
        &self,
        resource_type: &ResourceType,
        prefix: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let mut ids = Vec::new();
        let mut after = None;
        loop {
            let query = Query {
                pk: self.scope.names(resource_type.number),
                range: Range::BeginsWith(keys::index_prefix(prefix).to_owned()),
                descending: false,
                limit: None,
                after,
            };
            let page = self.table().query_index(BY_NAME, &query).await?;
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

    async fn matching(
        &self,
        resource_type: &ResourceType,
        filter: &Filter,
        records: Vec<Record>,
    ) -> Result<Vec<Record>, StoreError> {
        let derived = &Derived::of(filter);
        if derived.is_asked() && records.len() as u64 > DERIVED_MAX {
            return Err(StoreError::TooMany);
        }
        let look = |record: Record| async move {
            let document = self.evaluated(resource_type, &record, derived).await?;
            Ok::<_, StoreError>(filter.matches(&document).then_some(record))
        };
        let looked: Vec<Option<Record>> = stream::iter(records)
            .map(look)
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        Ok(looked.into_iter().flatten().collect())
    }

    /// The document as the filter sees it: with `id`, `meta` and what it asks of members or groups.
    async fn evaluated(
        &self,
        resource_type: &ResourceType,
        record: &Record,
        derived: &Derived,
    ) -> Result<Document, StoreError> {
        let mut document = record.document.clone();
        document.insert("id".to_owned(), json!(record.id.to_string()));
        document.insert(
            "meta".to_owned(),
            json!({
                "resourceType": resource_type.name,
                "created": timestamp(record.created),
                "lastModified": timestamp(record.modified),
            }),
        );
        let (name, list) = match derived {
            Derived::No => return Ok(document),
            Derived::Groups => ("groups", self.groups_list(record.id).await?),
            Derived::Members => ("members", self.members_list(record.id).await?),
            Derived::OneOf(ids) => ("members", self.members_among(record, ids).await?),
        };
        document.insert(name.to_owned(), Value::Array(list));
        Ok(document)
    }

    async fn groups_list(&self, member: Id) -> Result<Vec<Value>, StoreError> {
        let groups = self.groups_of(member).await?;
        let shown = |group: &Record| json!({ "value": group.id.to_string(), "display": group.document.get("displayName"), "type": "direct" });
        Ok(groups.iter().map(shown).collect())
    }

    async fn members_list(&self, group: Id) -> Result<Vec<Value>, StoreError> {
        match self.get_with_members(group, MEMBERS_SHOWN_MAX).await {
            Ok((_, Membership::Shown(ids))) => Ok(ids.into_iter().map(element).collect()),
            Ok((_, Membership::TooMany)) => Err(StoreError::TooMany),
            Err(StoreError::NotFound) => Ok(vec![]),
            Err(error) => Err(error),
        }
    }

    /// Those of the asked ids that are members: one edge each, however large the group.
    async fn members_among(
        &self,
        group: &Record,
        ids: &BTreeSet<Id>,
    ) -> Result<Vec<Value>, StoreError> {
        let mut members = vec![];
        for record in self.find_all(ids.iter().copied()).await? {
            if self.is_member(group, record.id).await? {
                members.push(element(record.id));
            }
        }
        Ok(members)
    }
}

fn element(id: Id) -> Value {
    json!({ "value": id.to_string(), "type": if id.resource_type() == 0 { "User" } else { "Group" } })
}
