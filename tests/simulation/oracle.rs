//! Sees every write that takes effect, lets the abstract tenant follow, and says when the two part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serverless_scim::store::Id;
use serverless_scim::table::wrappers::Torn;
use serverless_scim::table::{Attr, Key, Write};

use crate::model::Model;
use crate::op::Op;
use crate::shadow::{Head, Shadow, hex, id_of};

/// The tenant between two writes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moment {
    pub model: Arc<Model>,
    /// Who has an edge in each group: what reverse reads follow.
    pub edges: Arc<BTreeMap<Id, BTreeSet<Id>>>,
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
        let mut edges = BTreeMap::new();
        for (group, head) in heads {
            let Some(head) = head else {
                self.fail(format!("group {group} lost its head"));
                continue;
            };
            edges.insert(group, self.shadow.edges(group, &head));
            self.reorder(group, &head, writes, &mut model);
            self.compare(group, &head, &model);
        }
        for write in writes {
            self.compare_name(write, &model);
        }
        let (model, edges) = (Arc::new(model), Arc::new(edges));
        self.moments.push(Moment { model, edges });
    }

    /// FOUND: a plan made while another commit was half readable may rest on edges of before that commit and the version
    /// of after it. Whoever has such an edge is in the group or not as if the two had come in the other order.
    fn reorder(&self, group: Id, head: &Head, writes: &[Write], model: &mut Model) {
        let Some(torn) = &self.torn else { return };
        let part = format!("#M#{}#", hex(group));
        let own = |key: &Key| writes.iter().any(|write| write.key() == key);
        let request = writes.iter().find_map(outbox).map(|(request, _)| request);
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
            if differ.iter().all(|id| open.contains(id)) {
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
