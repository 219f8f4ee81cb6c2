//! One tenant's items as they were written, and what they mean to somebody who sees all of them at once.

use std::collections::{BTreeMap, BTreeSet};

use serverless_scim::store::Id;
use serverless_scim::table::{Attr, Key, Update, Write};

pub(crate) type Attrs = BTreeMap<String, Attr>;

/// The table, kept beside the table.
#[derive(Debug, Default)]
pub(crate) struct Shadow {
    items: BTreeMap<(String, String), Attrs>,
}

/// The head of a group.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub version: i64,
    pub generation: String,
    pub pending: Option<String>,
    pub name: String,
}

/// The id that stands in a key.
pub(crate) fn id_of(hex: &str) -> Option<Id> {
    let part = |range: std::ops::Range<usize>| hex.get(range);
    let dashed = [
        part(0..8)?,
        part(8..12)?,
        part(12..16)?,
        part(16..20)?,
        part(20..32)?,
    ];
    Id::parse(&dashed.join("-")).filter(|_| hex.len() == 32)
}

pub(crate) fn hex(id: Id) -> String {
    id.to_string().replace('-', "")
}

/// The group and the member of an edge in either direction.
pub(crate) fn edge(key: &Key) -> Option<(Id, Id)> {
    let mut parts = key.pk.split('#').skip(2);
    let (kind, id) = (parts.next()?, parts.next().and_then(id_of)?);
    match (kind, id_of(&key.sk)?) {
        ("M", member) => Some((id, member)),
        ("V", group) => Some((group, id)),
        _ => None,
    }
}

/// The group whose head it is.
pub(crate) fn head_of(key: &Key) -> Option<Id> {
    id_of(&key.sk).filter(|_| key.pk.contains("#R#1"))
}

/// The group whose lane it is.
pub(crate) fn lane(key: &Key) -> Option<Id> {
    let mut parts = key.pk.split('#').skip(2);
    let (kind, group) = (parts.next()?, parts.next()?);
    id_of(group).filter(|_| kind == "O")
}

/// The resource whose deletion a row of work names; of a group it may be that its members were replaced.
pub(crate) fn deleted(key: &Key) -> Option<Id> {
    let mut parts = key.sk.split('#');
    let (kind, id) = (parts.next()?, parts.next()?);
    id_of(id).filter(|_| key.pk.ends_with("#D") && matches!(kind, "U" | "M"))
}

pub(crate) fn text<'a>(attrs: &'a Attrs, name: &str) -> Option<&'a str> {
    match attrs.get(name) {
        Some(Attr::S(text)) => Some(text),
        _ => None,
    }
}

pub(crate) fn number(attrs: &Attrs, name: &str) -> Option<i64> {
    match attrs.get(name) {
        Some(Attr::N(number)) => Some(*number),
        _ => None,
    }
}

fn packed(attrs: &Attrs, name: &str) -> Vec<Id> {
    let bytes = match attrs.get(name) {
        Some(Attr::B(bytes)) => bytes.as_slice(),
        _ => &[],
    };
    let id = |chunk: &[u8]| {
        let hex = u128::from_be_bytes(chunk.try_into().expect("16 bytes"));
        id_of(&format!("{hex:032x}")).expect("a packed id")
    };
    bytes.chunks(16).map(id).collect()
}

/// A value of the document, which is small and therefore plain.
fn in_document(attrs: &Attrs, name: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(text(attrs, "d")?).ok()?;
    Some(document.get(name)?.as_str()?.to_owned())
}

/// Keys without `T#`, the tenant and `#`.
fn place(key: &Key) -> (String, String) {
    let pk = key.pk.splitn(3, '#').nth(2).unwrap_or_default();
    (pk.to_owned(), key.sk.clone())
}

impl Shadow {
    /// Takes in a write that succeeded.
    pub(crate) fn apply(&mut self, write: &Write) {
        let place = place(write.key());
        match write {
            Write::Put { attrs, .. } => {
                let own = |(name, attr): (&&str, &Attr)| ((*name).to_owned(), attr.clone());
                self.items.insert(place, attrs.iter().map(own).collect());
            }
            Write::Delete { .. } => {
                self.items.remove(&place);
            }
            Write::Update { update, .. } => change(self.items.entry(place).or_default(), update),
            Write::Check { .. } => {}
        }
    }

    /// The items of a partition, by sort key.
    pub(crate) fn partition(&self, pk: &str) -> impl Iterator<Item = (&str, &Attrs)> {
        let from = (pk.to_owned(), String::new());
        let own = self.items.range(from..);
        own.take_while(move |((found, _), _)| *found == *pk)
            .map(|((_, sk), attrs)| (sk.as_str(), attrs))
    }

    /// All items whose partition begins so.
    pub(crate) fn under(&self, prefix: &str) -> impl Iterator<Item = (&str, &str, &Attrs)> {
        let from = (prefix.to_owned(), String::new());
        let own = self.items.range(from..);
        own.take_while(move |((pk, _), _)| pk.starts_with(prefix))
            .map(|((pk, sk), attrs)| (pk.as_str(), sk.as_str(), attrs))
    }

    pub(crate) fn item(&self, pk: &str, sk: &str) -> Option<&Attrs> {
        self.items.get(&(pk.to_owned(), sk.to_owned()))
    }

    pub(crate) fn document(&self, id: Id) -> Option<&Attrs> {
        let hex = hex(id);
        self.item(&format!("R#{}", &hex[..8]), &hex)
    }

    pub(crate) fn version(&self, id: Id) -> Option<i64> {
        number(self.document(id)?, "v")
    }

    pub(crate) fn head(&self, group: Id) -> Option<Head> {
        let attrs = self.document(group)?;
        Some(Head {
            version: number(attrs, "v")?,
            generation: text(attrs, "gen").unwrap_or_default().to_owned(),
            pending: text(attrs, "pend").map(str::to_owned),
            name: in_document(attrs, "displayName").unwrap_or_default(),
        })
    }

    pub(crate) fn user_name(&self, user: Id) -> Option<String> {
        in_document(self.document(user)?, "userName")
    }

    pub(crate) fn dying(&self) -> BTreeSet<Id> {
        let dead = |(sk, attrs): (&str, &Attrs)| {
            let mut parts = sk.split('#');
            match (parts.next()?, id_of(parts.next()?)?) {
                ("U", id) => Some(id),
                ("M", id) if attrs.contains_key("dead") => Some(id),
                _ => None,
            }
        };
        self.partition("D").filter_map(dead).collect()
    }

    /// The forward edges of a group's present generation.
    pub(crate) fn edges(&self, group: Id, head: &Head) -> BTreeSet<Id> {
        let pk = format!("M#{}#{}", hex(group), head.generation);
        self.partition(&pk)
            .filter_map(|(sk, _)| id_of(sk))
            .collect()
    }

    /// The members as the design says they are read.
    pub(crate) fn visible(&self, group: Id, head: &Head) -> BTreeSet<Id> {
        let dying = self.dying();
        let mut members = self.named(group, head);
        members.retain(|id| !dying.contains(id));
        members
    }

    /// The members with those who are deleted but not taken out yet.
    pub(crate) fn named(&self, group: Id, head: &Head) -> BTreeSet<Id> {
        let mut members = self.edges(group, head);
        if let Some(op) = &head.pending {
            let prefix = format!("{op}#");
            let lanes = format!("O#{}", hex(group));
            for (_, lane) in self
                .partition(&lanes)
                .filter(|(sk, _)| sk.starts_with(&prefix))
            {
                let done = usize::try_from(number(lane, "pos").unwrap_or(0)).unwrap_or(0);
                let (add, remove) = (packed(lane, "a"), packed(lane, "r"));
                members.extend(add.iter().skip(done));
                let removed = done.saturating_sub(add.len());
                for id in remove.iter().skip(removed) {
                    members.remove(id);
                }
            }
        }
        members
    }
}

fn change(item: &mut Attrs, update: &Update) {
    for (name, attr) in &update.set {
        item.insert((*name).to_owned(), attr.clone());
    }
    for (name, by) in &update.add {
        let sum = number(item, name).unwrap_or(0) + by;
        item.insert((*name).to_owned(), Attr::N(sum));
    }
    for name in &update.remove {
        item.remove(*name);
    }
}
