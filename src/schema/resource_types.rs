//! The resource types as one tenant has them: the built-in ones with its own schemas. RFC 7643 §6, RFC 7644 §4.

use std::sync::{Arc, LazyLock};

use super::tenant_schema::{TenantSchema, joined};
use super::{GROUP, ResourceType, Schema, USER};

/// The resource types of one tenant. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceTypes {
    user: Arc<ResourceType>,
    group: Arc<ResourceType>,
}

static BUILT_IN: LazyLock<ResourceTypes> = LazyLock::new(|| ResourceTypes {
    user: Arc::new(USER.clone()),
    group: Arc::new(GROUP.clone()),
});

impl Default for ResourceTypes {
    /// Those of a tenant without schemas of its own.
    fn default() -> Self {
        BUILT_IN.clone()
    }
}

impl ResourceTypes {
    /// The built-in types with `schemas`, which the tenant registered.
    pub fn with(schemas: &[TenantSchema]) -> Self {
        let extended = |base: &ResourceType| {
            let mut kind = base.clone();
            let own = schemas
                .iter()
                .filter(|schema| schema.resource_type.number == base.number);
            own.for_each(|schema| extend(&mut kind, &schema.schema));
            Arc::new(kind)
        };
        Self {
            user: extended(&USER),
            group: extended(&GROUP),
        }
    }

    /// The built-in type `base` as the tenant has it.
    pub fn of(&self, base: &ResourceType) -> &ResourceType {
        if base.is_group() {
            &self.group
        } else {
            &self.user
        }
    }

    /// Users, then groups.
    pub fn iter(&self) -> impl Iterator<Item = &ResourceType> {
        [self.user.as_ref(), self.group.as_ref()].into_iter()
    }
}

fn extend(kind: &mut ResourceType, own: &Arc<Schema>) {
    if kind.schema.id == own.id {
        kind.schema = Arc::new(joined(&kind.schema, own));
        return;
    }
    match kind
        .extensions
        .iter_mut()
        .find(|schema| schema.id == own.id)
    {
        Some(built_in) => *built_in = Arc::new(joined(built_in, own)),
        None => kind.extensions.push(Arc::clone(own)),
    }
}
