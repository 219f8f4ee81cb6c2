//! Which values find a resource: the alias items that make `eq` strong and names unique. RFC 7643 §2.2.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::id::Id;
use super::keys::{AliasValue, TenantScope};
use super::{Policies, Record, StoreError, Tenant};
use crate::schema::{Document, norm};
use crate::table::{Attr, BY_EXTERNAL_ID, BY_NAME, Condition, Index, Item, Key, Range};

/// Distinct e-mail addresses of one user: twice that and the rest must fit one transaction.
pub const EMAILS_MAX: usize = 40;

/// Holders of a value that are read to know whether there is another one.
const HOLDERS_READ: usize = 2;

/// An attribute whose values have aliases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Indexed {
    /// Name of the core attribute; of a list it is the `value` of each element.
    pub name: &'static str,
    pub case_exact: bool,
    pub holders: Holders,
    /// Every resource has it.
    pub required: bool,
    /// The index whose sort key the value is.
    pub index: Option<Index>,
}

/// How many resources may hold one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holders {
    One,
    /// One, or several where the connection's policies say so: the first takes the single slot, the others one of
    /// their own.
    Agreed,
    /// Always a slot of their own.
    Many,
}

const USER: [Indexed; 3] = [
    Indexed {
        name: "userName",
        case_exact: false,
        holders: Holders::One,
        required: true,
        index: Some(BY_NAME),
    },
    Indexed {
        name: "externalId",
        case_exact: true,
        holders: Holders::Agreed,
        required: false,
        index: Some(BY_EXTERNAL_ID),
    },
    Indexed {
        name: "emails",
        case_exact: false,
        holders: Holders::Many,
        required: false,
        index: None,
    },
];
const GROUP: [Indexed; 2] = [
    Indexed {
        name: "displayName",
        case_exact: false,
        holders: Holders::Agreed,
        required: true,
        index: Some(BY_NAME),
    },
    Indexed {
        name: "externalId",
        case_exact: true,
        holders: Holders::Agreed,
        required: false,
        index: Some(BY_EXTERNAL_ID),
    },
];

/// In the tenant's config item, once two resources shared a value of the attribute that is first here.
const EVER: [(&str, &str); 2] = [("externalId", "twx"), ("displayName", "twd")];

/// The attributes of which twins may exist in the tenant whose item this is.
pub(super) fn twins_ever(config: &Item) -> BTreeSet<String> {
    let ever = EVER
        .iter()
        .filter(|(_, flag)| config.attrs.contains_key(*flag));
    ever.map(|(name, _)| (*name).to_owned()).collect()
}

impl Indexed {
    /// Whether several resources may hold one value.
    pub(super) fn has_twins(&self, policies: &Policies) -> bool {
        match (self.holders, self.name) {
            (Holders::One, _) => false,
            (Holders::Many, _) => true,
            (Holders::Agreed, "displayName") => policies.display_name_twins,
            (Holders::Agreed, _) => !policies.unique_external_id,
        }
    }

    /// What the tenant's config item notes with the first twin.
    pub(super) fn ever(&self) -> Option<&'static str> {
        let known = EVER.iter().find(|(name, _)| *name == self.name);
        known.map(|(_, flag)| *flag)
    }
}

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
            Holders::Agreed => twins.contains(indexed.name),
            Holders::Many => true,
        };
        let norms: BTreeSet<String> = norms(indexed, document).into_iter().collect();
        if norms.len() > EMAILS_MAX {
            return Err(StoreError::TooManyEmails);
        }
        if norms.is_empty() && indexed.required {
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

/// The attributes whose values are the same before and after, as far as they have aliases.
pub(super) fn unchanged(
    resource_type: u8,
    old: &Document,
    new: &Document,
) -> BTreeSet<&'static str> {
    let same = |indexed: &&Indexed| norms(indexed, old) == norms(indexed, new);
    let unchanged = indexed(resource_type).iter().filter(same);
    unchanged.map(|indexed| indexed.name).collect()
}

/// The attribute of an alias that names the resource.
pub(super) const HOLDER: &str = "id";

/// Whom an alias names.
pub(super) fn holder(item: &Item) -> Option<Id> {
    Id::from_key(item.text(HOLDER)?)
}

pub(super) fn mine(id: Id) -> Condition {
    Condition::Equals(HOLDER, Attr::S(id.key()))
}

impl Tenant {
    /// Refuses a value that must be unique and that a twin holds from the time when twins were allowed. A twin's alias has
    /// a sort key of its own, so the condition on the single slot does not see it. Tenants that never had twins pay
    /// nothing for this.
    pub(super) async fn claims_are_free(
        &self,
        old: Option<&Record>,
        new: &Record,
    ) -> Result<(), StoreError> {
        let resource_type = new.id.resource_type();
        for indexed in indexed(resource_type) {
            let alone = self.twins_ever.contains(indexed.name)
                && !indexed.has_twins(self.policies())
                && !new.twins.contains(indexed.name);
            if !alone {
                continue;
            }
            let held = old.map_or(vec![], |old| norms(indexed, &old.document));
            let wanted = norms(indexed, &new.document);
            for norm in wanted.into_iter().filter(|norm| !held.contains(norm)) {
                let attribute = indexed.name;
                let value = AliasValue { attribute, norm };
                let pk = self.scope.aliases(resource_type, &value);
                let others = self.query_up_to(pk, Range::All, HOLDERS_READ).await?;
                let other = others.iter().filter_map(holder).find(|id| *id != new.id);
                if let Some(holder) = other {
                    return Err(StoreError::Taken { attribute, holder });
                }
            }
        }
        Ok(())
    }
}
