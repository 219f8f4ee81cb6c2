//! What is known of the tenant itself: its names, what it notes, and who may come in.

use super::super::facts::Facts;
use super::super::fault::{Edge, Fault, Part};
use crate::schema::{GROUP, norm};

/// Config, registry and name are written together and tell the same.
pub(super) fn identity(facts: &Facts) -> Vec<Fault> {
    let known = &facts.identity;
    let mut faults = vec![];
    let mut wrong = |wrong: bool, part| {
        if wrong {
            faults.push(Fault::Tenant(part));
        }
    };
    wrong(!known.has_config, Part::Config);
    wrong(!known.has_registry, Part::Registry);
    let Some(name) = known.config.as_ref().or(known.registry.as_ref()) else {
        return faults;
    };
    let own = norm(name, false);
    let two = known.config.is_some() && known.registry.as_ref().is_some_and(|other| other != name);
    wrong(two, Part::Names);
    wrong(!known.names.contains(&own), Part::Name);
    let alien = known.names.iter().filter(|other| **other != own);
    faults.extend(alien.map(|other| Fault::Tenant(Part::Alien(other.clone()))));
    faults
}

/// What is noted in the tenant's item for good, when it first comes: who reads groups and who claims values goes by it.
pub(super) fn notes(facts: &Facts) -> Vec<Fault> {
    let known = &facts.identity;
    let mut faults = vec![];
    // An item that is missing is told already.
    if !known.has_config {
        return faults;
    }
    let of_group = |edge: &&Edge| edge.member.resource_type() == GROUP.number;
    if let Some(edge) = facts.edges.keys().filter(of_group).min()
        && !known.nested
    {
        faults.push(Fault::Tenant(Part::Nested(*edge)));
    }
    let twins = facts.twins.iter();
    let twins = twins.filter(|(attribute, _)| !known.twins.contains(**attribute));
    faults.extend(twins.map(|(attribute, id)| Fault::Tenant(Part::Twins(attribute, *id))));
    faults
}

/// Whoever comes in comes through a connection.
pub(super) fn credentials(facts: &Facts) -> impl Iterator<Item = Fault> {
    let loose = facts.credentials.iter();
    let loose = loose.filter(|(_, connection)| !facts.connections.contains(connection));
    loose.map(|(key, connection)| Fault::Credential {
        key: key.clone(),
        connection: connection.clone(),
    })
}
