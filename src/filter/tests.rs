use serde_json::json;

use super::*;
use crate::schema::{Document, Quirk, Quirks, Scope, USER};

mod properties;

fn read(text: &str) -> Result<Filter, FilterError> {
    parse(Scope::Resource(&USER), text, &mut Quirks::default())
}

/// `text` is read as the tree that `printed` spells out.
#[track_caller]
fn check(text: &str, printed: &str) {
    let filter = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(filter.to_string(), printed, "{text}");
    assert_eq!(read(printed), Ok(filter), "{printed}");
}

/// `text` is refused with these words.
#[track_caller]
fn refuse(text: &str, words: &str) {
    assert_eq!(read(text).unwrap_err().to_string(), words, "{text}");
}

#[track_caller]
fn quirks_of(text: &str) -> Quirks {
    let mut quirks = Quirks::default();
    parse(Scope::Resource(&USER), text, &mut quirks).unwrap();
    quirks
}

fn met(met: &[Quirk]) -> Quirks {
    let mut quirks = Quirks::default();
    for &quirk in met {
        quirks.met(quirk);
    }
    quirks
}

#[test]
fn not_binds_before_and_before_or() {
    check(
        "title pr or id pr and locale pr",
        "title pr or id pr and locale pr",
    );
    check(
        "(title pr or id pr) and locale pr",
        "(title pr or id pr) and locale pr",
    );
    check(
        "title pr and (id pr and locale pr)",
        "title pr and (id pr and locale pr)",
    );
    check(
        "(title pr and id pr) and locale pr",
        "title pr and id pr and locale pr",
    );
    check(
        "title pr or (id pr or locale pr)",
        "title pr or (id pr or locale pr)",
    );
    check("((title pr))", "title pr");
    check(
        "NOT(title pr)AND not  ( id pr )",
        "not (title pr) and not (id pr)",
    );
    check("not (not (title pr))", "not (not (title pr))");
}

#[test]
fn spaces_and_case_are_free_where_nothing_is_in_doubt() {
    check("  USERNAME   EQ\"a\"  ", "userName eq \"a\"");
    check(
        "emails[type eq\"work\"]and title PR",
        "emails[type eq \"work\"] and title pr",
    );
    check("emails [ type eq \"work\" ]", "emails[type eq \"work\"]");
    check("(title pr)or(id pr)", "title pr or id pr");
    check("title\tpr\nand id pr", "title pr and id pr");
}

#[test]
fn a_complex_attribute_is_compared_by_its_value() {
    check("emails co \"@x\"", "emails.value co \"@x\"");
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    check("manager eq \"u2\"", &format!("{manager}.value eq \"u2\""));
    check(
        &format!("{manager} eq null"),
        &format!("not ({manager} pr)"),
    );
    check("name ne null", "name pr");
}

#[test]
fn a_comparison_behind_brackets_is_one_more_condition_on_the_element() {
    check(
        "emails[type eq \"work\"].value eq \"a\"",
        "emails[type eq \"work\" and value eq \"a\"]",
    );
    check(
        "emails[type pr or display pr].value pr and title pr",
        "emails[(type pr or display pr) and value pr] and title pr",
    );
    check(
        "emails[type pr].value eq null",
        "emails[type pr and not (value pr)]",
    );
}

#[test]
fn literals_take_the_attributes_type() {
    check("active eq TRUE", "active eq true");
    check("active eq \"False\"", "active eq false");
    check("title eq 12.50", "title eq \"12.50\"");
    check("title eq true", "title eq \"true\"");
    check("externalId eq a-b.c@d/e", "externalId eq \"a-b.c@d/e\"");
    check(
        r#"title eq "\u00e9 \ud83d\ude00 \"\\\/\n""#,
        "title eq \"é 😀 \\\"\\\\/\\n\"",
    );
    check(
        "meta.created gt \"2026-01-31T08:00:00\"",
        "meta.created gt \"2026-01-31T08:00:00\"",
    );
    check("title eq \"null\"", "title eq \"null\"");
    check("title eq NULL", "not (title pr)");
}

#[test]
fn quirks_are_noted_where_they_were_needed() {
    assert_eq!(quirks_of("userName eq \"a\" and active eq true"), met(&[]));
    assert_eq!(quirks_of("externalId eq abc"), met(&[Quirk::BareLiteral]));
    assert_eq!(quirks_of("externalId eq 12"), met(&[Quirk::BareLiteral]));
    assert_eq!(quirks_of("active eq \"true\""), met(&[Quirk::BooleanText]));
    assert_eq!(quirks_of("manager eq \"u2\""), met(&[Quirk::ExtensionName]));
}

#[test]
fn errors_say_what_and_where() {
    refuse("", "at column 1: expected an attribute name");
    refuse("userName", "at column 9: expected an operator such as eq");
    refuse(
        "displayName   = \"é\"",
        "at column 15: expected an operator such as eq",
    );
    refuse(
        "title eq ",
        "at column 10: expected a value, text in double quotes",
    );
    refuse(
        "title eq 'x'",
        "at column 10: expected a value, text in double quotes",
    );
    refuse(
        "title eq and",
        "at column 10: expected a value, text in double quotes",
    );
    refuse("title pr and", "at column 13: expected an attribute name");
    refuse(
        "(title pr",
        "at column 10: expected \"and\", \"or\" or the closing \")\"",
    );
    refuse(
        "emails[type pr",
        "at column 15: expected \"and\", \"or\" or the closing \"]\"",
    );
    refuse(
        "title eq \"é\" x",
        "at column 14: expected \"and\", \"or\" or the end of the filter",
    );
    refuse("not title pr", "at column 5: expected \"(\" after not");
    refuse(
        "shoeSize pr",
        "at column 1: no attribute \"shoeSize\" is defined",
    );
    refuse(
        "id pr or password pr",
        "at column 10: no attribute \"password\" is defined",
    );
    let bad = "this text lacks its closing quote or holds an escape that JSON does not know";
    refuse("title eq \"x", &format!("at column 10: {bad}"));
    refuse(r#"title eq "a\q""#, &format!("at column 10: {bad}"));
    refuse(r#"title eq "\ud83d""#, &format!("at column 10: {bad}"));
    refuse(
        "active gt true",
        "at column 8: gt cannot be used with active, which is a boolean",
    );
    refuse(
        "active eq 1",
        "at column 11: active is compared with true or false",
    );
    refuse(
        "title gt null",
        "at column 7: null can only be compared with eq and ne",
    );
    let parts = "at column 1: name has several parts; name one, such as name.formatted";
    refuse("name co \"x\"", parts);
    refuse(
        "meta.created gt \"today\"",
        "at column 17: meta.created is compared with a date and time such as 2026-01-31T08:00:00Z",
    );
}

#[test]
fn brackets_stand_after_complex_attributes_and_not_in_brackets() {
    let nothing = "has no sub-attributes, so nothing can stand in brackets after it";
    refuse("title[value pr]", &format!("at column 6: title {nothing}"));
    refuse(
        "emails.value[value pr]",
        &format!("at column 13: emails.value {nothing}"),
    );
    let nested = "brackets within brackets are not allowed; compare sub-attributes there";
    refuse("emails[value[type pr]]", &format!("at column 13: {nested}"));
    refuse(
        "emails[type pr].value[type pr]",
        &format!("at column 22: {nested}"),
    );
    refuse("emails[]", "at column 8: expected an attribute name");
    refuse(
        "emails[userName pr]",
        "at column 8: no attribute \"userName\" is defined",
    );
}

#[test]
fn a_filter_may_be_as_long_as_the_limit_and_no_longer() {
    let fitting = format!("title eq \"{}\"", "é".repeat(TEXT_MAX - 11));
    assert!(read(&fitting).is_ok());
    let error = read(&format!("{fitting} ")).unwrap_err();
    assert_eq!(
        error,
        FilterError {
            column: TEXT_MAX + 1,
            kind: FilterErrorKind::TooLong
        }
    );
}

#[test]
fn brackets_may_be_nested_to_the_limit_and_no_deeper() {
    let nested = |depth| format!("{}id pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(read(&nested(DEPTH_MAX)).is_ok());
    let too_deep = FilterError {
        column: DEPTH_MAX + 1,
        kind: FilterErrorKind::TooDeep,
    };
    assert_eq!(read(&nested(DEPTH_MAX + 1)), Err(too_deep.clone()));
    let value_path = |depth| format!("{}emails[type pr]{}", "(".repeat(depth), ")".repeat(depth));
    assert!(read(&value_path(DEPTH_MAX - 1)).is_ok());
    let too_deep = FilterError {
        column: DEPTH_MAX + 7,
        ..too_deep
    };
    assert_eq!(read(&value_path(DEPTH_MAX)), Err(too_deep));
    assert!(read(&vec!["(id pr)"; 40].join("and")).is_ok());
}

#[test]
fn a_tree_may_have_as_many_nodes_as_the_limit_and_no_more() {
    // Fifty comparisons and the 49 `or`s between them, then a `not`.
    let nodes = |last: &str| vec!["id pr"; NODES_MAX / 2 - 1].join(" or ") + last;
    assert!(read(&nodes(" or not (id pr)")).is_ok());
    assert!(read(&nodes(" or id eq null")).is_ok());
    let refused = |text: &str| read(text).unwrap_err().kind == FilterErrorKind::TooManyNodes;
    assert!(refused(&nodes(" or not (not (id pr))")));
    assert!(refused(&nodes(" or emails[type pr].value pr")));
}

#[test]
fn a_value_path_is_read_off_the_front_of_a_text() {
    let scope = Scope::Resource(&USER);
    let front = |text| {
        parse_value_path(scope, text, &mut Quirks::default())
            .map(|(path, inner, rest)| (path.to_string(), inner.to_string(), rest))
    };
    let inner = "type eq \"a]b\"".to_owned();
    assert_eq!(
        front("EMAILS[type eq \"a]b\"].value"),
        Ok(("emails".into(), inner, ".value"))
    );
    assert_eq!(
        front("emails").unwrap_err().kind,
        FilterErrorKind::Expected(Expected::ValuePath)
    );
    assert_eq!(
        front("emails.value").unwrap_err().kind,
        FilterErrorKind::Expected(Expected::ValuePath)
    );
}

#[test]
fn conjuncts_and_equalities() {
    let parts = |text: &str| {
        let filter = read(text).unwrap();
        filter
            .conjuncts()
            .into_iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(parts("title pr"), ["title pr"]);
    assert_eq!(
        parts("title pr and (id pr and locale pr) and (id pr or title pr)"),
        ["title pr", "id pr", "locale pr", "id pr or title pr"]
    );
    let seeds = |text: &str| {
        let filter = read(text).unwrap();
        let seed = |(path, value): (&AttrPath, &Value)| format!("{path}={value}");
        filter
            .equalities()
            .map(|pairs| pairs.into_iter().map(seed).collect::<Vec<_>>())
    };
    assert_eq!(
        seeds("title eq \"a\" and (active eq \"True\" and id eq 5)").unwrap(),
        ["title=\"a\"", "active=true", "id=\"5\""]
    );
    assert_eq!(seeds("title eq \"a\" and id pr"), None);
    assert_eq!(seeds("title eq \"a\" or id eq \"b\""), None);
    assert_eq!(seeds("title ne \"a\""), None);
}

fn ada() -> Document {
    let ada = json!({
        "userName": "Ada.Osei@fabrikam.example",
        "externalId": "Ada-1",
        "emails": [
            { "type": "work", "value": "ada@fabrikam.example", "primary": true },
            { "type": "home", "value": "ada@home.example" }
        ],
        "meta": { "created": "2026-03-01T10:00:00.000Z" }
    });
    ada.as_object().cloned().unwrap()
}

#[test]
fn a_document_is_matched() {
    for (text, expected) in [
        ("userName eq \"ada.osei@FABRIKAM.example\"", true),
        ("externalId eq \"ada-1\"", false),
        (
            "emails[type eq \"work\"].value eq \"ADA@fabrikam.example\"",
            true,
        ),
        (
            "emails[type eq \"home\"].value eq \"ADA@fabrikam.example\"",
            false,
        ),
        ("emails[primary eq false and type eq \"home\"]", true),
        ("active eq true", true),
        ("title eq null", true),
        ("meta.created lt \"2026-03-01T12:00:00+01:00\"", true),
    ] {
        assert_eq!(read(text).unwrap().matches(&ada()), expected, "{text}");
    }
}
