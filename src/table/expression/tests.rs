use std::collections::BTreeMap;

use super::*;
use crate::table::Attrs;

fn rendered(
    render: impl FnOnce(&mut Expression) -> String,
) -> (String, Vec<String>, Vec<AttributeValue>) {
    let mut expression = Expression::default();
    let text = render(&mut expression);
    (text, expression.names, expression.values)
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[test]
fn conditions() {
    let version = || Condition::Equals("v", Attr::N(3));
    let cases: [(Condition, &str, &[&str]); 8] = [
        (Condition::Exists, "attribute_exists(#0)", &["PK"]),
        (Condition::NotExists, "attribute_not_exists(#0)", &["PK"]),
        (
            Condition::Lacks("pend"),
            "attribute_not_exists(#0)",
            &["pend"],
        ),
        (version(), "#0 = :0", &["v"]),
        (Condition::Less("n", 128), "#0 < :0", &["n"]),
        (Condition::Greater("n", 0), "#0 > :0", &["n"]),
        (
            Condition::Or(vec![
                Condition::NotExists,
                Condition::And(vec![version(), Condition::Lacks("v")]),
            ]),
            "(attribute_not_exists(#0) OR (#1 = :0 AND attribute_not_exists(#1)))",
            &["PK", "v"],
        ),
        (
            Condition::Not(Box::new(Condition::Or(vec![version()]))),
            "(NOT (#0 = :0))",
            &["v"],
        ),
    ];
    for (condition, text, names) in cases {
        let (actual, actual_names, _) = rendered(|e| e.condition(&condition));
        assert_eq!(
            (actual.as_str(), actual_names.as_slice()),
            (
                text,
                &names.iter().map(ToString::to_string).collect::<Vec<_>>()[..]
            )
        );
    }
}

#[test]
fn an_update_and_its_condition_share_names_but_not_values() {
    let update = Update {
        set: Attrs::from([("d", Attr::S("doc".into())), ("lm", Attr::N(7))]),
        add: BTreeMap::from([("v", 1)]),
        remove: vec!["pend", "tw"],
    };
    let mut expression = Expression::default();
    let text = expression.update(&update);
    let condition = expression.condition(&Condition::Equals("v", Attr::N(1)));
    assert_eq!(text, "SET #0 = :0, #1 = :1 ADD #2 :2 REMOVE #3, #4");
    assert_eq!(condition, "#2 = :3");
    assert_eq!(
        expression.names().expect("names")["#4"],
        "tw",
        "every name is a placeholder"
    );
    assert_eq!(
        expression.values,
        [
            AttributeValue::S("doc".into()),
            number(7),
            number(1),
            number(1)
        ]
    );
}

#[test]
fn parts_that_are_empty_are_left_out() {
    let update = Update {
        remove: vec!["pend"],
        ..Update::default()
    };
    let (text, _, values) = rendered(|e| e.update(&update));
    assert_eq!(text, "REMOVE #0");
    assert!(values.is_empty());
    assert_eq!(Expression::default().names(), None);
    assert_eq!(Expression::default().values(), None);
}

#[test]
fn ranges() {
    let a = || "a".to_owned();
    let cases = [
        (Range::All, "#0 = :0", 1),
        (Range::BeginsWith(String::new()), "#0 = :0", 1),
        (Range::BeginsWith(a()), "#0 = :0 AND begins_with(#1, :1)", 2),
        (
            Range::Between(a(), a()),
            "#0 = :0 AND #1 BETWEEN :1 AND :2",
            3,
        ),
        (Range::LessOrEqual(a()), "#0 = :0 AND #1 <= :1", 2),
        (Range::Greater(a()), "#0 = :0 AND #1 > :1", 2),
        (Range::GreaterOrEqual(a()), "#0 = :0 AND #1 >= :1", 2),
    ];
    for (range, text, count) in cases {
        let (actual, _, values) = rendered(|e| e.range(("np", "ns"), "T", &range));
        assert_eq!(actual, text);
        assert_eq!(values.len(), count);
    }
}
