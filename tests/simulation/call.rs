//! A call to the table as data, so that a scheduler can hold it, carry it out and tell of it.

use std::fmt;

use serverless_scim::table::{
    Condition, Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction,
    Write,
};

/// What an actor asks of the world outside.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Get(Key),
    BatchGet(Vec<Key>),
    Query(Query, Consistency),
    QueryIndex(Index, Query),
    Scan(Option<Cursor>),
    Transact(Transaction),
    Write(Write),
    Sleep(u64),
}

#[derive(Debug)]
pub(crate) enum Answer {
    Item(Result<Option<Item>, TableError>),
    Batch(Result<(Vec<Item>, Vec<Key>), TableError>),
    Page(Result<Page, TableError>),
    Done(Result<(), TableError>),
}

impl Call {
    pub(crate) async fn perform(&self, table: &dyn Table) -> Answer {
        match self {
            Self::Get(key) => Answer::Item(table.get(key).await),
            Self::BatchGet(keys) => Answer::Batch(table.batch_get(keys).await),
            Self::Query(query, consistency) => Answer::Page(table.query(query, *consistency).await),
            Self::QueryIndex(index, query) => Answer::Page(table.query_index(*index, query).await),
            Self::Scan(after) => Answer::Page(table.scan(after.as_ref()).await),
            Self::Transact(transaction) => Answer::Done(table.transact(transaction).await),
            Self::Write(write) => Answer::Done(table.write(write).await),
            Self::Sleep(_) => Answer::Done(Ok(())),
        }
    }

    /// Whether it is the commit record of a big change.
    pub(crate) fn opens_change(&self) -> bool {
        let lane = |write: &Write| {
            let Write::Put { key, .. } = write else {
                return false;
            };
            key.pk.contains("#O#")
        };
        matches!(self, Self::Transact(sent) if sent.writes.iter().any(lane))
    }

    /// Whether it can change anything.
    pub(crate) fn writes(&self) -> bool {
        matches!(self, Self::Transact(_) | Self::Write(_))
    }
}

impl Answer {
    pub(crate) fn unknown() -> Self {
        Self::Done(Err(TableError::Unknown("no answer came".into())))
    }

    pub(crate) fn is_fault(&self) -> bool {
        let error = match self {
            Self::Item(Err(error))
            | Self::Batch(Err(error))
            | Self::Page(Err(error))
            | Self::Done(Err(error)) => error,
            Self::Batch(Ok((_, unread))) => return !unread.is_empty(),
            _ => return false,
        };
        match error {
            TableError::Busy | TableError::Unknown(_) => true,
            TableError::Cancelled(reasons) => reasons
                .iter()
                .any(|reason| matches!(reason, serverless_scim::table::Reason::Conflict)),
            _ => false,
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get(key) => write!(f, "get {}", Short(key)),
            Self::BatchGet(keys) => {
                write!(f, "batch")?;
                keys.iter().try_for_each(|key| write!(f, " {}", Short(key)))
            }
            Self::Query(query, _) => {
                write!(f, "query {} {:?}", short(&query.pk), query.range)?;
                match &query.after {
                    Some(after) => write!(f, " after {}", place(&after.key)),
                    None => Ok(()),
                }
            }
            Self::QueryIndex(index, query) => write!(f, "index {} {:?}", index.name, query.range),
            Self::Scan(_) => write!(f, "scan"),
            Self::Transact(transaction) => {
                write!(f, "transact {}", transaction.token)?;
                let mut writes = transaction.writes.iter();
                writes.try_for_each(|write| write!(f, "\n          {}", Told(write)))
            }
            Self::Write(write) => write!(f, "{}", Told(write)),
            Self::Sleep(ms) => write!(f, "sleep {ms} ms"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(Ok(None)) => write!(f, "nothing"),
            Self::Item(Ok(Some(item))) => write!(f, "{}", Shown(item)),
            Self::Batch(Ok((items, unread))) => {
                items
                    .iter()
                    .try_for_each(|item| write!(f, "{} ", Shown(item)))?;
                write!(f, "unread {}", unread.len())
            }
            Self::Page(Ok(page)) => {
                let mut items = page.items.iter();
                items.try_for_each(|item| write!(f, "{} ", Shown(item)))?;
                write!(
                    f,
                    "{}",
                    if page.next.is_some() {
                        "and more"
                    } else {
                        "end"
                    }
                )
            }
            Self::Done(Ok(())) => write!(f, "ok"),
            Self::Done(Err(TableError::Cancelled(reasons))) => {
                write!(f, "cancelled")?;
                let mut reasons = reasons.iter();
                reasons.try_for_each(|reason| match reason {
                    serverless_scim::table::Reason::None => write!(f, " -"),
                    serverless_scim::table::Reason::Condition(_) => write!(f, " condition"),
                    other => write!(f, " {other:?}"),
                })
            }
            Self::Item(Err(error))
            | Self::Batch(Err(error))
            | Self::Page(Err(error))
            | Self::Done(Err(error)) => write!(f, "{error}"),
        }
    }
}

/// A partition key without its tenant.
fn short(pk: &str) -> &str {
    pk.splitn(3, '#').nth(2).unwrap_or(pk)
}

/// A sort key; every run's tenant has another.
fn place(key: &Key) -> &str {
    if key.pk == "A#tenants" {
        "tenant"
    } else {
        &key.sk
    }
}

struct Short<'k>(&'k Key);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", short(&self.0.pk), self.0.sk)
    }
}

struct Shown<'i>(&'i Item);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use serverless_scim::table::Attr;
        write!(f, "{}(", place(&self.0.key))?;
        for name in ["v", "gen", "pend", "pu", "pos", "since", "op", "dead", "n0"] {
            match self.0.attrs.get(name) {
                Some(Attr::N(n)) => write!(f, " {name}={n}")?,
                Some(Attr::S(text)) => write!(f, " {name}={text}")?,
                _ => {}
            }
        }
        write!(f, ")")
    }
}

struct Told<'w>(&'w Write);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, key) = match self.0 {
            Write::Put { key, .. } => ("put", key),
            Write::Update { key, .. } => ("update", key),
            Write::Delete { key, .. } => ("delete", key),
            Write::Check { key, .. } => ("check", key),
        };
        write!(f, "{verb} {}", Short(key))?;
        if let Write::Update { update, .. } = self.0 {
            let plain = update.set.iter().filter(|(name, _)| **name != "d");
            let plain: Vec<_> = plain.collect();
            write!(
                f,
                " set {plain:?} add {:?} remove {:?}",
                update.add, update.remove
            )?;
        }
        match self.0.condition() {
            Some(Condition::Exists) => write!(f, " if it exists"),
            Some(Condition::NotExists) => write!(f, " if it does not exist"),
            Some(other) => write!(f, " if {other:?}"),
            None => Ok(()),
        }
    }
}
