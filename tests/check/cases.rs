//! The kinds of damage, and what is said of each.

use crate::bed::Bed;
use crate::harm::NOBODY;

/// The damage, what is said of it, and whether a repair ends it.
pub(crate) type Case = (&'static str, &'static [&'static str], bool);

pub(crate) const MENDED: bool = true;
pub(crate) const STAYS: bool = false;

pub(crate) const CASES: &[Case] = &[
    (
        "no alias",
        &["fabrikam: User {ada}: a value of userName has no alias, so no lookup finds it"],
        MENDED,
    ),
    (
        "an alias of another value",
        &["fabrikam: User {ada}: an alias of emails names it, but it is gone or has no such value"],
        MENDED,
    ),
    (
        "an alias of the dead",
        &[
            "fabrikam: User {gone}: an alias of userName names it, but it is gone or has no such value",
        ],
        MENDED,
    ),
    (
        "a stolen alias",
        &[
            "fabrikam: User {ada}: the alias of a value of userName names User {mei} instead, which is gone or has no such value",
        ],
        MENDED,
    ),
    (
        "one name twice",
        &[
            "fabrikam: User {first} and User {second}: one value of userName, which only one can hold; change it in one of them",
        ],
        STAYS,
    ),
    (
        "index attributes of another value",
        &["fabrikam: User {ada}: its index attributes are not those of its document"],
        MENDED,
    ),
    (
        "a document that does not read",
        &["fabrikam: User {ada}: its item does not read"],
        STAYS,
    ),
    (
        "a document without name",
        &["fabrikam: User {ada}: its document has no name or too many e-mail addresses"],
        STAYS,
    ),
    (
        "no generation",
        &[
            "fabrikam: Group {team}: it says of its members what its resource type does not have, or nothing",
        ],
        STAYS,
    ),
    (
        "a user with a generation",
        &[
            "fabrikam: User {ada}: it says of its members what its resource type does not have, or nothing",
        ],
        STAYS,
    ),
    (
        "a count too high",
        &["fabrikam: bucket {bucket} of the User directory counts 2 more than it holds"],
        MENDED,
    ),
    (
        "no count",
        &["fabrikam: bucket {bucket} of the User directory counts {held} fewer than it holds"],
        MENDED,
    ),
    (
        "a count below zero",
        &["fabrikam: bucket {bucket} of the User directory counts {more} fewer than it holds"],
        MENDED,
    ),
    (
        "a count that is no number",
        &[
            "fabrikam: a count of the directory does not read",
            "fabrikam: bucket {bucket} of the User directory counts {held} fewer than it holds",
        ],
        MENDED,
    ),
    (
        "active users too many",
        &[
            "fabrikam: row {row} of the User directory counts 3 more active users than its buckets hold",
        ],
        MENDED,
    ),
    (
        "no active users",
        &[
            "fabrikam: row {row} of the User directory counts {held} fewer active users than its buckets hold",
        ],
        MENDED,
    ),
    (
        "no reverse edge",
        &[
            "fabrikam: Group {team}, member User {ada}: the group has the member, the member does not have the group",
        ],
        MENDED,
    ),
    (
        "no forward edge",
        &[
            "fabrikam: Group {team}, member User {ada}: the member has the group, the group does not have the member",
        ],
        MENDED,
    ),
    (
        "edges of a group that is gone",
        &[
            "fabrikam: Group {nobody}, member User {ada}: the group is gone, and nothing waits to remove the edge",
        ],
        MENDED,
    ),
    (
        "an edge of another generation",
        &[
            "fabrikam: Group {team}, member User {ada}: the group has given up these members, and nothing waits to remove the edge",
        ],
        MENDED,
    ),
    (
        "edges of a member that is gone",
        &[
            "fabrikam: Group {team}, member User {gone}: the member is gone, and nothing waits to remove the edge",
        ],
        MENDED,
    ),
    (
        "a reverse edge of a member that is gone",
        &[
            "fabrikam: Group {team}, member User {gone}: the member is gone, and nothing waits to remove the edge",
        ],
        MENDED,
    ),
    (
        "a reverse edge without generation",
        &[
            "fabrikam: a membership does not read",
            "fabrikam: Group {team}, member User {ada}: the group has the member, the member does not have the group",
        ],
        MENDED,
    ),
    (
        "a row of a living user",
        &["fabrikam: User {ada}: a row names it as deleted, and it is alive"],
        MENDED,
    ),
    (
        "a row of the present members",
        &["fabrikam: Group {team}: a row would sweep what it has now"],
        MENDED,
    ),
    (
        "a row of a living group",
        &["fabrikam: Group {team}: a row would sweep what it has now"],
        MENDED,
    ),
    (
        "a change without row",
        &[
            "fabrikam: Group {team}: it waits for a big change that no row names, so nobody finishes it",
        ],
        MENDED,
    ),
    ("a young change without row", &[], MENDED),
    (
        "a row without change",
        &["fabrikam: Group {team}: a row names a big change that the group does not wait for"],
        MENDED,
    ),
    (
        "a change without its time",
        &[
            "fabrikam: Group {team}: it says which big change it waits for or until when, and not both",
        ],
        MENDED,
    ),
    (
        "the time of no change",
        &[
            "fabrikam: Group {team}: it says which big change it waits for or until when, and not both",
        ],
        MENDED,
    ),
    (
        "lanes without change",
        &["fabrikam: Group {team}: lanes of a big change that the group does not wait for"],
        MENDED,
    ),
    (
        "lanes of a group that is gone",
        &["fabrikam: Group {nobody}: lanes of a big change that the group does not wait for"],
        MENDED,
    ),
    (
        "lanes of the present generation without a change at the head",
        &["fabrikam: Group {parent}: lanes of a big change that the group does not wait for"],
        MENDED,
    ),
    (
        "lanes of members that the head was put back before",
        &[
            "fabrikam: Group {team}: a row would sweep what it has now",
            "fabrikam: Group {team}: lanes of a big change that the group does not wait for",
        ],
        MENDED,
    ),
    (
        "a lane that does not read",
        &["fabrikam: a lane of a big change does not read"],
        STAYS,
    ),
    (
        "a lane of nobody",
        &["fabrikam: a lane of a big change does not read"],
        STAYS,
    ),
    (
        "a lane with ids that are none",
        &["fabrikam: a lane of a big change does not read"],
        STAYS,
    ),
    (
        "an unknown key",
        &["fabrikam: an item whose key is none of ours; it begins \"T#{tenant}#Z\""],
        STAYS,
    ),
    (
        "a key that begins like the tenant's",
        &["an item whose key is none of ours; it begins \"T#{tenant}X\""],
        STAYS,
    ),
    (
        "an item of nobody",
        &["an item whose key is none of ours; it begins \"somebody else\""],
        STAYS,
    ),
    (
        "an alias of nobody",
        &["fabrikam: an alias does not read"],
        STAYS,
    ),
    (
        "a work row without time",
        &["fabrikam: a work row does not read"],
        STAYS,
    ),
    (
        "an outbox item that never expires",
        &["fabrikam: an outbox item does not read"],
        STAYS,
    ),
    (
        "a token of another secret",
        &["fabrikam: a token does not read"],
        STAYS,
    ),
    (
        "a token of no connection",
        &["fabrikam: a token or client of the connection aaaaaaaaaa, which is gone"],
        MENDED,
    ),
    (
        "a client of no connection",
        &["fabrikam: a token or client of the connection aaaaaaaaaa, which is gone"],
        MENDED,
    ),
    (
        "a connection that does not read",
        &["fabrikam: a connection does not read"],
        STAYS,
    ),
    (
        "a client that does not read",
        &["fabrikam: an OAuth client does not read"],
        STAYS,
    ),
    (
        "a refusal without status",
        &["fabrikam: a refusal does not read"],
        STAYS,
    ),
    (
        "a kept record that does not read",
        &["fabrikam: the record of a deleted user does not read"],
        STAYS,
    ),
    (
        "a schema that does not read",
        &["fabrikam: a schema does not read"],
        STAYS,
    ),
    (
        "no config",
        &["fabrikam: the tenant has no item of its own: no token of it works"],
        STAYS,
    ),
    (
        "a config without name",
        &["fabrikam: the tenant's own item does not read"],
        STAYS,
    ),
    (
        "no note of a group in a group",
        &[
            "fabrikam: a group is in a group, and the tenant does not note it: groups that hold somebody through others are not shown",
        ],
        MENDED,
    ),
    (
        "no note of twins",
        &[
            "fabrikam: User {mei}: it shares its externalId, and the tenant does not note that any do: a value that is to be unique may be taken twice",
        ],
        MENDED,
    ),
    (
        "no note of groups with one name",
        &[
            "fabrikam: Group {team}: it shares its displayName, and the tenant does not note that any do: a value that is to be unique may be taken twice",
        ],
        MENDED,
    ),
    (
        "a registry row without name",
        &["fabrikam: the tenant's row in the registry does not read"],
        STAYS,
    ),
    (
        "no registry row",
        &["fabrikam: the tenant is missing from the registry"],
        STAYS,
    ),
    (
        "another name",
        &["fabrikam: the registry has another name for the tenant"],
        STAYS,
    ),
    (
        "no name",
        &["fabrikam: the tenant's name does not lead to it"],
        STAYS,
    ),
    (
        "a second name",
        &["fabrikam: the name \"contoso\" leads to the tenant, and is not its own"],
        STAYS,
    ),
];

/// The finding with the names of this table.
pub(crate) fn named(bed: &Bed, finding: &str) -> String {
    let (ada, mei) = (bed.ada.to_string(), bed.mei.to_string());
    let bucket = u32::from_str_radix(ada.get(1..8).unwrap(), 16).unwrap();
    let held = [bed.ada, bed.mei]
        .into_iter()
        .filter(|id| id.to_string().get(..8) == ada.get(..8));
    let held = held.count();
    let tenant = bed.tenant().scope().to_string();
    let names = [
        ("{ada}", &ada),
        ("{mei}", &mei),
        ("{first}", (&ada).min(&mei)),
        ("{second}", (&ada).max(&mei)),
        ("{gone}", &bed.gone.to_string()),
        ("{team}", &bed.team.to_string()),
        ("{parent}", &bed.parent.to_string()),
        ("{nobody}", &NOBODY.to_owned()),
        ("{bucket}", &bucket.to_string()),
        // So few buckets are the first of their rows.
        ("{row}", &bucket.to_string()),
        ("{held}", &held.to_string()),
        ("{more}", &(held + 1).to_string()),
        ("{tenant}", &tenant),
    ];
    names.iter().fold(finding.to_owned(), |text, (name, is)| {
        text.replace(name, is)
    })
}
