//! What a file acknowledged is still there, however the process ended.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serverless_scim::table::{
    Attr, Attrs, Condition, Key, Table, Transaction, Update, Write, embedded,
};

/// Names the file to the child process; without it the child's test has nothing to do.
const FILE: &str = "DURABLE_TEST_FILE";

/// How many transactions are acknowledged before the process is killed.
const ACKNOWLEDGED: usize = 40;

fn key(sk: &str) -> Key {
    Key {
        pk: "durable".into(),
        sk: sk.into(),
    }
}

fn numbered(n: i64) -> Transaction {
    let item = Write::Put {
        key: key(&n.to_string()),
        attrs: Attrs::from([("np", Attr::S("p".into())), ("ns", Attr::S(n.to_string()))]),
        condition: Some(Condition::NotExists),
    };
    let counter = Write::Update {
        key: key("counter"),
        update: Update {
            set: Attrs::from([("last", Attr::N(n))]),
            ..Update::default()
        },
        condition: None,
    };
    Transaction {
        token: format!("durable-{n}"),
        writes: vec![item, counter],
    }
}

#[tokio::test]
async fn a_file_opened_again_has_its_items() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("scim.db");
    let table = embedded::file(&file).await.expect("file");
    table.transact(&numbered(1)).await.expect("transaction");
    drop(table);
    let table = embedded::file(&file).await.expect("the same file");
    assert!(table.get(&key("1")).await.expect("get").is_some());
}

#[tokio::test]
async fn expired_items_are_removed_on_opening() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("scim.db");
    let table = embedded::file(&file).await.expect("file");
    for (sk, exp) in [("past", 1_700_000_000), ("future", 4_000_000_000)] {
        let put = Write::Put {
            key: key(sk),
            attrs: Attrs::from([("exp", Attr::N(exp))]),
            condition: None,
        };
        table.write(&put).await.expect("put");
    }
    drop(table);
    let table = embedded::file(&file).await.expect("the same file");
    assert_eq!(table.get(&key("past")).await.expect("get"), None);
    assert!(table.get(&key("future")).await.expect("get").is_some());
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("scim.db");
    let last = kill_a_writer(&file);
    let table = embedded::file(&file).await.expect("the file of the dead");
    for n in 0..=last {
        let item = table.get(&key(&n.to_string())).await.expect("get");
        assert!(item.is_some(), "{n} of {last} is gone");
    }
    let counter = table.get(&key("counter")).await.expect("get");
    let Some(Attr::N(known)) = counter.and_then(|item| item.attrs.get("last").cloned()) else {
        panic!("no counter");
    };
    let next = table.get(&key(&(known + 1).to_string())).await;
    assert!(known >= last);
    assert_eq!(next.expect("get"), None, "half a transaction");
}

/// Returns the last number that the writer was told is written.
fn kill_a_writer(file: &Path) -> i64 {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["table::durable::writer", "--exact", "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("child");
    let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let last = lines
        .filter_map(|line| line.expect("line").strip_prefix("written ")?.parse().ok())
        .nth(ACKNOWLEDGED - 1);
    child.kill().expect("kill");
    child.wait().expect("wait");
    last.expect("the writer wrote")
}

/// The process that is killed: it writes until then.
#[tokio::test]
async fn writer() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    let table = embedded::file(Path::new(&file)).await.expect("file");
    let mut out = std::io::stdout();
    for n in 0.. {
        table.transact(&numbered(n)).await.expect("transaction");
        // The test harness may have left its own line unfinished.
        write!(out, "\nwritten {n}\n").expect("stdout");
        out.flush().expect("stdout");
    }
}
