//! Operations on a document, in order, all or none. RFC 7644 §3.5.2.

use super::members::is_members;
use super::write::{Write, with_object};
use super::{MemberChange, Op, Operation, PatchError, PatchErrorKind, Place};
use crate::schema::{
    Document, Quirks, ResourceType, Violation, ViolationKind, finish, require_kept, unchanged,
};

/// What a PATCH makes of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    pub document: Document,
    pub members: MemberChange,
}

/// Applies `operations` to a copy of `document`, which holds the `id` and what is stored, but no members.
pub fn apply(
    resource_type: &ResourceType,
    document: &Document,
    operations: &[Operation],
    quirks: &mut Quirks,
) -> Result<Patched, PatchError> {
    let members = MemberChange::default();
    let mut work = Work {
        patched: Patched {
            document: document.clone(),
            members,
        },
        visits: 0,
        quirks,
    };
    for operation in operations {
        work.step(operation).map_err(|kind| operation.error(kind))?;
    }
    let mut patched = work.patched;
    finish(resource_type, &mut patched.document, quirks);
    let checked = require_kept(resource_type, document, &patched.document);
    let checked = checked.and_then(|()| unchanged(resource_type, document, &patched.document));
    checked.map_err(|violation| blame(violation, operations))?;
    Ok(patched)
}

/// The last operation at the place that ended up wrong.
fn blame(violation: Violation, operations: &[Operation]) -> PatchError {
    let at_fault = operations
        .iter()
        .rev()
        .find(|operation| match &operation.place {
            Place::Attribute(path) | Place::Elements(path, _) => path.to_string() == violation.path,
            Place::Extension(_) => false,
        });
    match at_fault {
        None => PatchError {
            index: None,
            op: None,
            path: None,
            kind: violation.into(),
        },
        Some(operation)
            if operation.op == Op::Remove && violation.kind == ViolationKind::Required =>
        {
            operation.error(PatchErrorKind::RequiredRemoved(violation.path))
        }
        Some(operation) => operation.error(violation.into()),
    }
}

struct Work<'q> {
    patched: Patched,
    visits: usize,
    quirks: &'q mut Quirks,
}

impl Work<'_> {
    fn step(&mut self, operation: &Operation) -> Result<(), PatchErrorKind> {
        let (path, filter) = match &operation.place {
            Place::Extension(schema) => {
                self.patched.document.shift_remove(schema.id.as_ref());
                return Ok(());
            }
            Place::Attribute(path) => (path, None),
            Place::Elements(path, filter) => (path, Some(filter)),
        };
        if is_members(path) {
            return self.patched.members.fold(&operation.change, filter);
        }
        let Patched { document, .. } = &mut self.patched;
        let mut write = Write {
            operation,
            filter,
            visits: &mut self.visits,
            quirks: self.quirks,
        };
        match &path.extension {
            None => write.attribute(document, &path.attribute),
            Some(urn) => with_object(document, urn, |extension| {
                write.attribute(extension, &path.attribute)
            }),
        }
    }
}
