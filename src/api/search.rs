//! `POST /.search`: one list over every resource type, users before groups. RFC 7644 §3.4.2.1, §3.4.3.

use std::sync::Arc;

use super::cursor::Question;
use super::list::{Rows, complete};
use super::query::Parameters;
use super::resource::view;
use super::{Answer, Exchange, ScimError, render};
use crate::filter::{CompareOp, Filter};
use crate::schema::{AttrPath, GROUP, ResourceType, ResourceTypes, Scope, USER};
use crate::store::{Paging, Start, Tenant};

/// One page over the types in their order, each sorted by itself, the total exact.
pub(super) async fn all(
    tenant: &Tenant,
    types: &ResourceTypes,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let parameters = Parameters::of_body(&exchange.json()?)?;
    let question = Question::new(tenant.scope().to_string(), "", None, None);
    let paging = parameters.paging(&question, exchange.request.started)?;
    let Start::Index(first) = paging.start else {
        return Err(ScimError::invalid_cursor(
            "cursors lead through /Users and /Groups; page this list by startIndex",
        ));
    };
    let (users, groups) = (types.of(&USER), types.of(&GROUP));
    let (mut total, mut open, mut rows) = (0, paging.count, Rows::default());
    for types in [[users, groups], [groups, users]] {
        let [kind, _] = types;
        let view = view(kind, &parameters, exchange)?;
        let filter = parameters.filter(Scope::Any(&types), &mut exchange.quirks)?;
        let sort = parameters.sort(Scope::Any(&types), &mut exchange.quirks)?;
        let sort = sort.filter(|sort| !is_foreign(&sort.path, kind));
        let window = Paging {
            start: Start::Index(first.saturating_sub(total).max(1)),
            count: open,
        };
        let filter = match filter.map(|filter| applied(filter, kind)) {
            Some(Applied::Never) => continue,
            Some(Applied::If(filter)) => Some(filter),
            None | Some(Applied::Always) => None,
        };
        let page = tenant
            .search(kind, filter.as_ref(), sort.as_ref(), &window)
            .await?;
        total += page.total.unwrap_or_default();
        open = open.saturating_sub(page.records.len() as u64);
        rows.extend(complete(tenant, &view, page.records).await?);
        if rows.is_cut {
            open = 0;
        }
    }
    Ok(render::page(Some(total), &paging, None, rows.shown))
}

/// What is left of a filter for one resource type.
#[derive(Debug, PartialEq)]
enum Applied {
    Always,
    Never,
    If(Filter),
}

/// The filter for resources of `kind`: an attribute that only other types have is one without a value.
fn applied(filter: Filter, kind: &ResourceType) -> Applied {
    use Applied::{Always, If, Never};
    match filter {
        Filter::Compare(path, CompareOp::Ne, _) if is_foreign(&path, kind) => Always,
        Filter::Present(path) | Filter::Compare(path, ..) | Filter::ValuePath(path, _)
            if is_foreign(&path, kind) =>
        {
            Never
        }
        Filter::Not(inner) => match applied(*inner, kind) {
            Always => Never,
            Never => Always,
            If(inner) => If(Filter::Not(Box::new(inner))),
        },
        Filter::And(left, right) => match (applied(*left, kind), applied(*right, kind)) {
            (Never, _) | (_, Never) => Never,
            (Always, other) | (other, Always) => other,
            (If(left), If(right)) => If(Filter::And(Box::new(left), Box::new(right))),
        },
        Filter::Or(left, right) => match (applied(*left, kind), applied(*right, kind)) {
            (Always, _) | (_, Always) => Always,
            (Never, other) | (other, Never) => other,
            (If(left), If(right)) => If(Filter::Or(Box::new(left), Box::new(right))),
        },
        own => If(own),
    }
}

fn is_foreign(path: &AttrPath, kind: &ResourceType) -> bool {
    if let Some(urn) = &path.extension {
        return kind.extension(urn).is_none();
    }
    // A URN before it may have chosen the attribute of another type.
    let own = kind.core_attribute(&path.attribute.name);
    own.is_none_or(|own| !Arc::ptr_eq(own, &path.attribute))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter;
    use crate::schema::Quirks;

    #[track_caller]
    fn check(text: &str, of_users: &str, of_groups: &str) {
        let (users, groups): (&ResourceType, &ResourceType) = (&USER, &GROUP);
        let shown = [[users, groups], [groups, users]].map(|types| {
            let filter = filter::parse(Scope::Any(&types), text, &mut Quirks::default()).unwrap();
            match applied(filter, types[0]) {
                Applied::Always => "always".to_owned(),
                Applied::Never => "never".to_owned(),
                Applied::If(filter) => filter.to_string(),
            }
        });
        assert_eq!(shown, [of_users, of_groups], "{text}");
    }

    #[test]
    fn what_only_the_other_type_has_is_without_value() {
        let common = r#"displayName sw "a""#;
        check(common, common, common);
        check(r#"userName eq "a""#, r#"userName eq "a""#, "never");
        check(r#"members eq "1""#, "never", r#"members.value eq "1""#);
        check(r#"userName ne "a""#, r#"userName ne "a""#, "always");
        check(
            r#"emails[type eq "work"]"#,
            r#"emails[type eq "work"]"#,
            "never",
        );
        check(
            "manager pr",
            &format!("{}:manager pr", USER.extensions[0].id),
            "never",
        );
        check("not (userName pr)", "not (userName pr)", "always");
        let of_group = format!("{}:displayName pr", GROUP.schema.id);
        check(&of_group, "never", "displayName pr");
        check("meta.version pr", "meta.version pr", "meta.version pr");
    }

    #[test]
    fn and_and_or_are_left_with_what_counts() {
        check(
            r#"userName eq "a" or displayName eq "b""#,
            r#"userName eq "a" or displayName eq "b""#,
            r#"displayName eq "b""#,
        );
        check(
            r#"userName eq "a" and displayName eq "b""#,
            r#"userName eq "a" and displayName eq "b""#,
            "never",
        );
        check(
            r#"not (userName eq "a") and displayName eq "b""#,
            r#"not (userName eq "a") and displayName eq "b""#,
            r#"displayName eq "b""#,
        );
        check("userName pr or members pr", "userName pr", "members pr");
        check("userName pr and members pr", "never", "never");
    }

    #[test]
    fn what_no_type_has_is_refused() {
        let types: [&ResourceType; 2] = [&USER, &GROUP];
        let parsed = filter::parse(Scope::Any(&types), "shoeSize pr", &mut Quirks::default());
        assert!(parsed.is_err());
    }
}
