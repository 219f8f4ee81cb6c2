//! Sees every write that takes effect, lets the abstract tenant follow, and says when the two part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serverless_scim::store::Id;
use serverless_scim::table::wrappers::Torn;
use serverless_scim::table::{Attr, Key, Write};

use crate::model::Model;
use crate::op::Op;
use crate::shadow::{Head, Shadow, head_of, hex, id_of};

/// The tenant between two writes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moment {
    pub model: Arc<Model>,
    /// Who has an edge in each group: what reverse reads follow.
    pub edges: Arc<BTreeMap<Id, BTreeSet<Id>>>,
    /// Who stands in edges and lanes of each group, alive or not.
    pub named: Arc<BTreeMap<Id, BTreeSet<Id>>>,
    /// The version of every resource.
    pub versions: Arc<BTreeMap<Id, i64>>,
    /// Groups with an open change.
    pub open: Arc<BTreeSet<Id>>,
    /// Groups that a list is about to replace, member by member in lanes.
    pub lists: Arc<BTreeSet<Id>>,
}

/// What a group held under one version.
type Content = (String, BTreeSet<Id>);

/// Keeps the history of one run.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub shadow: Shadow,
    pub moments: Vec<Moment>,
    /// What each request will have done once it commits.
    requests: BTreeMap<String, Op>,
    /// The requests that committed, and when.
    committed: BTreeMap<String, usize>,
    tokens: BTreeSet<String>,
    versions: BTreeMap<Id, (i64, Content)>,
    /// Where commits are torn.
    pub torn: Option<Arc<Torn>>,
    /// The items that came out one by one.
    pub released: Vec<Key>,
    /// How many had come out when each request began.
    begun: BTreeMap<String, usize>,
    /// Writes that fit one transaction.
    pub fit: usize,
    /// How often the order of a torn commit and another was left open.
    pub reordered: usize,
    pub violation: Option<String>,
}

impl Oracle {
    pub(crate) fn now(&self) -> usize {
        self.moments.len().saturating_sub(1)
    }

    pub(crate) fn model(&self) -> Model {
        self.moments
            .last()
            .map(|moment| (*moment.model).clone())
            .unwrap_or_default()
    }

    pub(crate) fn expect(&mut self, request: &str, op: &Op) {
        self.requests.insert(request.to_owned(), op.clone());
        self.begun.insert(request.to_owned(), self.released.len());
    }

    /// When the request took effect.
    pub(crate) fn effect(&self, request: &str) -> Option<usize> {
        self.committed.get(request).copied()
    }

    pub(crate) fn fail(&mut self, what: impl Into<String>) {
        self.violation.get_or_insert(what.into());
    }

    /// Takes in a transaction that the table accepted. A token that it knew has no effect.
    pub(crate) fn transacted(&mut self, token: &str, writes: &[Write]) {
        if self.tokens.insert(token.to_owned()) {
            self.wrote(writes);
        }
    }

    /// A change with If-Match: nobody changed what the client had seen.
    fn is_exact(&mut self, writes: &[Write]) {
        let Some((request, _)) = writes.iter().find_map(outbox) else {
            return;
        };
        let first = !self.committed.contains_key(&request);
        let Some(Op::Exact { id, known, .. }) = self.requests.get(&request).filter(|_| first)
        else {
            return;
        };
        let known = known.lock().unwrap().clone().unwrap_or_default();
        let (id, version, model) = (*id, self.shadow.version(*id), self.model());
        if version != Some(known.version) {
            self.fail(format!(
                "{request}: version {version:?} was overwritten by who knew {known:?}"
            ));
        }
        let living = |ids: &BTreeSet<Id>| -> BTreeSet<Id> {
            ids.intersection(&model.live).copied().collect()
        };
        let members = model.members(id).map(living).unwrap_or_default();
        let named = model.holder(id.resource_type(), &known.name) == Some(id);
        // Who read half of a commit has not seen what it reads now; that ends when the commit is out.
        if self.torn.is_none() && (members != living(&known.members) || !named) {
            self.fail(format!(
                "{request}: {known:?} was known, and {members:?} overwritten"
            ));
        }
    }

    pub(crate) fn wrote(&mut self, writes: &[Write]) {
        self.is_exact(writes);
        let lists = self.lists_after(writes);
        let mut model = self.model();
        for write in writes {
            if let Some((request, id)) = outbox(write) {
                let now = self.moments.len();
                if !self.committed.contains_key(&request) {
                    self.committed.insert(request.clone(), now);
                    if let Some(op) = self.requests.get(&request).filter(|op| op.changes())
                        && let Err(wrong) = model.apply(op, id)
                    {
                        self.fail(format!("{request}: {wrong}"));
                    }
                }
            }
            self.shadow.apply(write);
        }
        let heads: Vec<(Id, Option<Head>)> = model
            .groups
            .keys()
            .map(|id| (*id, self.shadow.head(*id)))
            .collect();
        let (mut edges, mut named) = (BTreeMap::new(), BTreeMap::new());
        let pending = |(id, head): &(Id, Option<Head>)| {
            let open = head.as_ref().is_some_and(|head| head.pending.is_some());
            open.then_some(*id)
        };
        let open = heads.iter().filter_map(pending).collect();
        for (group, head) in heads {
            let Some(head) = head else {
                self.fail(format!("group {group} lost its head"));
                continue;
            };
            edges.insert(group, self.shadow.edges(group, &head));
            named.insert(group, self.shadow.named(group, &head));
            self.reorder(group, &head, writes, &mut model);
            self.compare(group, &head, &model);
        }
        for write in writes {
            self.compare_name(write, &model);
        }
        let versions = Arc::new(self.versions_after(writes));
        let lists = Arc::new(lists);
        self.moments.push(Moment {
            model: Arc::new(model),
            edges: Arc::new(edges),
            named: Arc::new(named),
            versions,
            lists,
            open: Arc::new(open),
        });
    }

    /// To be asked before the writes are taken in.
    fn lists_after(&self, writes: &[Write]) -> BTreeSet<Id> {
        let last = self.moments.last();
        let mut lists = last.map_or_else(BTreeSet::new, |last| (*last.lists).clone());
        for write in writes {
            let Write::Update { key, update, .. } = write else {
                continue;
            };
            let Some((id, head)) = head_of(key).and_then(|id| Some((id, self.shadow.head(id)?)))
            else {
                continue;
            };
            let new = Some(&Attr::S(head.generation)) != update.set.get("gen");
            if update.remove.contains(&"pend") {
                lists.remove(&id);
            } else if new && update.set.contains_key("gen") && update.set.contains_key("pend") {
                lists.insert(id);
            }
        }
        lists
    }

    fn versions_after(&self, writes: &[Write]) -> BTreeMap<Id, i64> {
        let last = self.moments.last();
        let mut versions = last.map_or_else(BTreeMap::new, |last| (*last.versions).clone());
        let documents = writes.iter().map(Write::key);
        for id in documents
            .filter(|key| key.pk.contains("#R#"))
            .filter_map(|key| id_of(&key.sk))
        {
            match self.shadow.version(id) {
                Some(version) => versions.insert(id, version),
                None => versions.remove(&id),
            };
        }
        versions
    }

    /// FOUND: a plan made upon a look at edges while another commit was half readable may rest on edges of before that commit and the version
    /// of after it. Whoever has such an edge is in the group or not as if the two had come in the other order.
    fn reorder(&mut self, group: Id, head: &Head, writes: &[Write], model: &mut Model) {
        let Some(torn) = &self.torn else { return };
        let part = format!("#M#{}#", hex(group));
        let own = |key: &Key| writes.iter().any(|write| write.key() == key);
        let request = writes.iter().find_map(outbox).map(|(request, _)| request);
        let op = request
            .as_ref()
            .and_then(|request| self.requests.get(request));
        let Some(op) = op.map(Op::plain) else { return };
        let begun = request
            .and_then(|request| self.begun.get(&request))
            .copied();
        let since = self
            .released
            .iter()
            .skip(begun.unwrap_or(self.released.len()))
            .cloned();
        let others = torn.held().into_iter().filter(|key| !own(key));
        let edges = others.chain(since).filter(|key| key.pk.contains(&part));
        let open: BTreeSet<Id> = edges.filter_map(|key| id_of(&key.sk)).collect();
        let visible = self.shadow.visible(group, head);
        if let Some(wanted) = model.groups.get_mut(&group) {
            let differ: Vec<Id> = visible.symmetric_difference(wanted).copied().collect();
            if differ.is_empty() {
                return;
            }
            let ids = differ.iter().copied().collect();
            if open.is_superset(&ids) && op.compares(group, &ids, self.fit) {
                self.reordered += 1;
                *wanted = visible;
            }
        }
    }

    /// The group as somebody would read it who saw everything at once, against the abstract one.
    fn compare(&mut self, group: Id, head: &Head, model: &Model) {
        let visible = self.shadow.visible(group, head);
        let wanted = model.members(group).cloned().unwrap_or_default();
        if visible != wanted {
            let what = format!("group {group} reads {visible:?} instead of {wanted:?}");
            self.fail(what);
        }
        if model.holder(1, &head.name) != Some(group) {
            self.fail(format!(
                "group {group} bears the name {:?} of another change",
                head.name
            ));
        }
        let content = (head.name.clone(), visible);
        match self.versions.get(&group) {
            Some((version, _)) if head.version < *version => {
                self.fail(format!(
                    "group {group} went back to version {}",
                    head.version
                ));
            }
            Some((version, (name, before))) if head.version == *version => {
                let living = |ids: &BTreeSet<Id>| ids.intersection(&model.live).copied().collect();
                let (then, now): (BTreeSet<Id>, BTreeSet<Id>) =
                    (living(before), living(&content.1));
                if *name != content.0 || then != now {
                    self.fail(format!("group {group} changed within version {version}"));
                }
            }
            _ => {}
        }
        self.versions.insert(group, (head.version, content));
    }

    fn compare_name(&mut self, write: &Write, model: &Model) {
        let Some(id) = id_of(&write.key().sk).filter(|id| id.resource_type() == 0) else {
            return;
        };
        if let Some(name) = self.shadow.user_name(id)
            && write.key().pk.contains("#R#")
            && model.holder(0, &name) != Some(id)
        {
            self.fail(format!(
                "user {id} bears the name {name:?} of another change"
            ));
        }
    }
}

/// The request and the resource that an outbox item names.
fn outbox(write: &Write) -> Option<(String, Id)> {
    let Write::Put { key, attrs, .. } = write else {
        return None;
    };
    match (key.pk.ends_with("#X"), attrs.get("req"), attrs.get("rid")) {
        (true, Some(Attr::S(request)), Some(Attr::S(id))) => Some((request.clone(), id_of(id)?)),
        _ => None,
    }
}
