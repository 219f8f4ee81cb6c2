//! Which values find a resource: the alias items that make `eq` strong and names unique. RFC 7643 §2.2.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::StoreError;
use super::id::Id;
use super::keys::{AliasValue, TenantScope};
use crate::schema::{Document, norm};
use crate::table::{Attr, BY_EXTERNAL_ID, BY_NAME, Condition, Index, Item, Key};

/// Distinct e-mail addresses of one user: twice that and the rest must fit one transaction.
pub const EMAILS_MAX: usize = 40;

/// An attribute whose values have aliases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Indexed {
    /// Name of the core attribute; of a list it is the `value` of each element.
    pub name: &'static str,
    pub case_exact: bool,
    pub holders: Holders,
    /// The index whose sort key the value is.
    pub index: Option<Index>,
}

/// How many resources may hold one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holders {
    One,
    /// The first takes the single slot, the others one of their own.
    Twins,
    /// Always a slot of their own.
    Many,
}

const USER: [Indexed; 3] = [
    Indexed {
        name: "userName",
        case_exact: false,
        holders: Holders::One,
        index: Some(BY_NAME),
    },
    Indexed {
        name: "externalId",
        case_exact: true,
        holders: Holders::Twins,
        index: Some(BY_EXTERNAL_ID),
    },
    Indexed {
        name: "emails",
        case_exact: false,
        holders: Holders::Many,
        index: None,
    },
];
const GROUP: [Indexed; 2] = [
    Indexed {
        name: "displayName",
        case_exact: false,
        holders: Holders::One,
        index: Some(BY_NAME),
    },
    Indexed {
        name: "externalId",
        case_exact: true,
        holders: Holders::Twins,
        index: Some(BY_EXTERNAL_ID),
    },
];

/// The attributes of a resource type that have aliases.
pub(super) fn indexed(resource_type: u8) -> &'static [Indexed] {
    if resource_type == 0 { &USER } else { &GROUP }
}

/// The normal forms of the attribute's values in `document`, none of them empty.
pub(super) fn norms(indexed: &Indexed, document: &Document) -> Vec<String> {
    let texts: Vec<&str> = match document.get(indexed.name) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(|element| element.get("value")?.as_str())
            .collect(),
        _ => vec![],
    };
    let norms = texts.into_iter().map(|text| norm(text, indexed.case_exact));
    norms.filter(|norm| !norm.is_empty()).collect()
}

/// Every alias item of a resource, with the attribute it stands for.
pub(super) fn keys(
    tenant: &TenantScope,
    id: Id,
    document: &Document,
    twins: &BTreeSet<String>,
) -> Result<BTreeMap<Key, &'static Indexed>, StoreError> {
    let mut keys = BTreeMap::new();
    for indexed in indexed(id.resource_type()) {
        let own_slot = match indexed.holders {
            Holders::One => false,
            Holders::Twins => twins.contains(indexed.name),
            Holders::Many => true,
        };
        let norms: BTreeSet<String> = norms(indexed, document).into_iter().collect();
        if norms.len() > EMAILS_MAX {
            return Err(StoreError::TooManyEmails);
        }
        if norms.is_empty() && indexed.holders == Holders::One {
            return Err(StoreError::Nameless(indexed.name));
        }
        for norm in norms {
            let value = AliasValue {
                attribute: indexed.name,
                norm,
            };
            keys.insert(
                tenant.alias(id.resource_type(), &value, own_slot.then_some(id)),
                indexed,
            );
        }
    }
    Ok(keys)
}

/// The twins that stay: attributes whose value is the same before and after.
pub(super) fn kept_twins(
    resource_type: u8,
    twins: &BTreeSet<String>,
    old: &Document,
    new: &Document,
) -> BTreeSet<String> {
    let same = |indexed: &&Indexed| {
        twins.contains(indexed.name) && norms(indexed, old) == norms(indexed, new)
    };
    indexed(resource_type)
        .iter()
        .filter(same)
        .map(|indexed| indexed.name.to_owned())
        .collect()
}

/// The attribute of an alias that names the resource.
pub(super) const HOLDER: &str = "id";

/// Whom an alias names.
pub(super) fn holder(item: &Item) -> Option<Id> {
    match item.attrs.get(HOLDER) {
        Some(Attr::S(id)) => Id::from_key(id),
        _ => None,
    }
}

pub(super) fn mine(id: Id) -> Condition {
    Condition::Equals(HOLDER, Attr::S(id.key()))
}
