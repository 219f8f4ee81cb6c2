use super::super::{AliasValue, registry, tenant_name};
use super::*;

const OP: &str = "01K9ZB5C8H3N0000000000000X";

fn ids() -> (Id, Id) {
    let now = 1_790_000_000_000;
    (Id::new(0, 0x12, now, 7), Id::new(1, 0x34, now, 8))
}

fn tenant() -> TenantScope {
    TenantScope::parse("k3v5q2m7xa").unwrap()
}

#[test]
fn what_the_store_spells_is_read_back() {
    let (tenant, (ada, team)) = (tenant(), ids());
    let gen_ = "9f2c41d07be6a853";
    let value = |norm: &str| AliasValue {
        attribute: "userName",
        norm: norm.to_owned(),
    };
    let name = || Entity::Alias(0, "userName".to_owned());
    for (key, entity) in [
        (tenant.config(), Entity::Config),
        (tenant.token(&[7; 32]), Entity::Token([7; 32])),
        (tenant.schema("urn:X"), Entity::Schema("urn:x".to_owned())),
        (tenant.resource(ada), Entity::Resource(ada)),
        (tenant.directory_row(1, 0x34), Entity::Directory(1, 0x34)),
        (tenant.alias(0, &value("a#b"), None), name()),
        (tenant.alias(0, &value(&"a".repeat(600)), Some(ada)), name()),
        (
            tenant.forward(team, gen_, ada),
            Entity::Forward(team, gen_.to_owned(), ada),
        ),
        (tenant.reverse(ada, team), Entity::Reverse(ada, team)),
        (tenant.lane(team, OP, 7), Entity::Lane(team, OP.to_owned())),
        (tenant.work_deleted(ada), Entity::Work(Work::Deleted(ada))),
        (
            tenant.work_generation(team, gen_),
            Entity::Work(Work::Generation(team, gen_.to_owned())),
        ),
        (
            tenant.work_change(team, OP),
            Entity::Work(Work::Change(team, OP.to_owned())),
        ),
        (tenant.outbox(OP), Entity::Outbox),
        (registry(&tenant), Entity::Registered),
    ] {
        assert_eq!(parse(&key), (Some(tenant.clone()), Some(entity)), "{key:?}");
    }
    let name = parse(&tenant_name("fabrikam#x"));
    assert_eq!(name, (None, Some(Entity::Name("fabrikam#x".to_owned()))));
}

#[test]
fn what_it_does_not_spell_names_nothing() {
    let (ada, team) = ids();
    let (ada, team) = (ada.key(), team.key());
    let foreign = ada.replacen('0', "2", 1);
    for (pk, sk) in [
        ("#R#00000012".to_owned(), ada.to_uppercase()),
        ("#R#00000013".to_owned(), ada.clone()),
        ("#R#20000012".to_owned(), foreign.clone()),
        ("#B#0".to_owned(), "12".to_owned()),
        ("#N#0#userName#".to_owned(), "@".to_owned()),
        ("#N#0#userName#=".to_owned(), "@".to_owned()),
        ("#N#0#userName#=a".to_owned(), "x".to_owned()),
        (format!("#M#{team}"), ada.clone()),
        (format!("#V#{foreign}"), team.clone()),
        (format!("#O#{team}"), format!("{OP}#7")),
        ("#D".to_owned(), format!("Y#{ada}")),
        ("#D".to_owned(), format!("U#{}", ada.to_uppercase())),
        ("#X".to_owned(), "1".to_owned()),
        ("#X#1".to_owned(), OP.to_owned()),
        ("#Z".to_owned(), "@".to_owned()),
        (String::new(), "K#AAAA".to_owned()),
        (String::new(), "C#1".to_owned()),
    ] {
        let pk = format!("T#{}{pk}", tenant());
        let key = Key { pk, sk };
        assert_eq!(parse(&key), (Some(tenant()), None), "{key:?}");
    }
    for (pk, sk) in [
        ("T#K3V5Q2M7XA", "@"),
        ("T#k3v5q2m7xaZ", "@"),
        ("A#tenants", "fabrikam"),
        ("A#name#x", "1"),
        ("A#others", "@"),
        ("T#", "@"),
        ("", ""),
    ] {
        let (pk, sk) = (pk.to_owned(), sk.to_owned());
        let key = Key { pk, sk };
        assert_eq!(parse(&key), (None, None), "{key:?}");
    }
}
