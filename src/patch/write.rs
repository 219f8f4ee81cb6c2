//! One operation at one attribute. RFC 7644 §3.5.2.1 to §3.5.2.3.

use serde_json::Value;

use super::element::{
    append, has_all, is_listed, is_primary, keep_primary, merge, merge_kept, merge_object, seed,
};
use super::{Change, Operation, PatchErrorKind};
use crate::filter::Filter;
use crate::schema::{Attribute, Document, Quirk, Quirks, Violation, ViolationKind};

/// How many list elements the operations of one request may compare or copy together; long ones count several times.
pub const VISITS_MAX: usize = 1_000_000;
/// How much text of an element may be compared for the price of one visit.
const COMPARED_PER_VISIT: usize = 64;
/// How much text may be copied to an element for the price of one visit.
const COPIED_PER_VISIT: usize = 16;

/// One operation, at the object that holds its attribute.
pub(super) struct Write<'o, 'q> {
    pub(super) operation: &'o Operation,
    pub(super) filter: Option<&'o Filter>,
    pub(super) visits: &'q mut usize,
    pub(super) quirks: &'q mut Quirks,
}

impl Write<'_, '_> {
    /// Makes the change to `attribute` of `holder`, the resource or an extension.
    pub(super) fn attribute(
        &mut self,
        holder: &mut Document,
        attribute: &Attribute,
    ) -> Result<(), PatchErrorKind> {
        if !attribute.is_multi_valued() {
            return single(holder, attribute, &self.operation.change);
        }
        with_list(holder, &attribute.name, |list| {
            let comparisons = self.filter.map_or(1, Filter::comparisons);
            self.visit(weight(list).saturating_mul(comparisons))?;
            match self.filter {
                Some(filter) => self.elements(list, filter, attribute),
                None => self.list(list, attribute),
            }
        })
    }

    fn visit(&mut self, elements: usize) -> Result<(), PatchErrorKind> {
        *self.visits = self.visits.saturating_add(elements);
        if *self.visits > VISITS_MAX {
            Err(PatchErrorKind::TooMuchWork)
        } else {
            Ok(())
        }
    }

    fn list(&mut self, list: &mut Vec<Value>, attribute: &Attribute) -> Result<(), PatchErrorKind> {
        match &self.operation.change {
            Change::Append(added) => {
                self.visit(weight(added))?;
                append(list, added, attribute)?;
            }
            Change::ReplaceAll(new) => list.clone_from(new),
            Change::Remove => list.clear(),
            Change::RemoveListed(listed) => {
                let by_list = weight(list).saturating_mul(listed.len());
                self.visit(by_list.max(weight(listed).saturating_mul(list.len())))?;
                list.retain(|element| {
                    !listed
                        .iter()
                        .any(|listed| is_listed(element, listed, attribute))
                });
            }
            Change::Merge(change) => return self.unfiltered(list, attribute, change),
            Change::Set(_) | Change::Expect(_) => {}
        }
        Ok(())
    }

    /// The elements that match the filter; where none does, one is made to (against §3.5.2.3, for Entra).
    fn elements(
        &mut self,
        list: &mut Vec<Value>,
        filter: &Filter,
        attribute: &Attribute,
    ) -> Result<(), PatchErrorKind> {
        let matches = |element: &Value| {
            element
                .as_object()
                .is_some_and(|element| filter.matches(element))
        };
        let Change::Merge(change) = &self.operation.change else {
            list.retain(|element| !matches(element));
            return Ok(());
        };
        let price = 1 + text_length(change) / COPIED_PER_VISIT;
        let mut written = None;
        for (index, element) in list.iter_mut().enumerate() {
            if matches(element) {
                self.visit(price)?;
                merge_kept(element, change, attribute)?;
                written = Some(index);
            }
        }
        if written.is_none() && change.values().any(|value| !value.is_null()) {
            let mut element = seed(filter).ok_or(NO_MATCH)?;
            merge(&mut element, change);
            // A change to what the filter looks at, sent again: its element is there, but matches no more.
            let named = |part: &&Filter| matches!(part, Filter::Compare(path, ..) if change.contains_key(&path.leaf().name));
            let others: Vec<&Filter> = filter
                .conjuncts()
                .into_iter()
                .filter(|part| !named(part))
                .collect();
            let is_made = |present: &Value| {
                let object = present.as_object();
                let fits = |part: &&Filter| object.is_some_and(|object| part.matches(object));
                has_all(present, change) && others.iter().all(fits)
            };
            if !matches(&element) && list.iter().any(is_made) {
                return Ok(());
            }
            self.quirks.met(Quirk::FilterCreates);
            list.push(element);
            written = list.len().checked_sub(1);
        }
        keep_primary(list, written);
        Ok(())
    }

    /// `emails.value` without a filter: one element must be meant, but emptying means all: sent again, it must not
    /// reach for the next element.
    fn unfiltered(
        &mut self,
        list: &mut Vec<Value>,
        attribute: &Attribute,
        change: &Document,
    ) -> Result<(), PatchErrorKind> {
        if change.values().all(Value::is_null) {
            for element in list {
                merge_kept(element, change, attribute)?;
            }
            return Ok(());
        }
        self.quirks.met(Quirk::UnfilteredSub);
        if list.is_empty() {
            list.push(Value::Object(first_element(attribute)));
        }
        let meant = list
            .iter()
            .rposition(is_primary)
            .or((list.len() == 1).then_some(0))
            .ok_or(AMBIGUOUS)?;
        if let Some(element) = list.get_mut(meant) {
            merge_kept(element, change, attribute)?;
        }
        keep_primary(list, Some(meant));
        Ok(())
    }
}

/// Visits that it takes to compare each element once.
fn weight(list: &[Value]) -> usize {
    let text = |element: &Value| match element {
        Value::String(text) => text.len(),
        Value::Object(element) => text_length(element),
        _ => 0,
    };
    list.iter()
        .map(|element| 1 + text(element) / COMPARED_PER_VISIT)
        .sum()
}

fn text_length(change: &Document) -> usize {
    change
        .values()
        .filter_map(Value::as_str)
        .map(str::len)
        .sum()
}

const NO_MATCH: PatchErrorKind = PatchErrorKind::NoTarget(
    "no element matches the filter, and only eq joined by and says what to create",
);
const AMBIGUOUS: PatchErrorKind = PatchErrorKind::NoTarget(
    "there are several elements; choose one with a filter such as [type eq \"work\"]",
);

/// What an element is made from where there was none to choose.
fn first_element(attribute: &Attribute) -> Document {
    const USUAL: &str = "work";
    let kind = attribute.sub_attribute("type");
    let kind = kind.filter(|kind| kind.canonical_values.iter().any(|value| value == USUAL));
    kind.map(|kind| (kind.name.clone(), Value::from(USUAL)))
        .into_iter()
        .collect()
}

fn single(
    holder: &mut Document,
    attribute: &Attribute,
    change: &Change,
) -> Result<(), PatchErrorKind> {
    let name = attribute.name.as_str();
    match change {
        Change::Set(value) => {
            holder.insert(name.to_owned(), value.clone());
        }
        // What has a value is nothing without it: a manager, say.
        Change::Merge(change) if change.get("value").is_some_and(Value::is_null) => {
            holder.shift_remove(name);
        }
        Change::Merge(change) => with_object(holder, name, |object| {
            // The address belongs to the value it came with.
            let moved = change
                .get("value")
                .is_some_and(|value| object.get("value") != Some(value));
            if moved && attribute.sub_attribute("$ref").is_some() {
                object.shift_remove("$ref");
            }
            merge_object(object, change);
        }),
        Change::Expect(value) if holder.get(name) != Some(value) => {
            return Err(Violation::new(name, ViolationKind::Mutability).into());
        }
        Change::Expect(_) => {}
        Change::Remove | Change::RemoveListed(_) | Change::Append(_) | Change::ReplaceAll(_) => {
            holder.shift_remove(name);
        }
    }
    Ok(())
}

/// Works on the object called `name`; an empty one is dropped in the end by `finish`.
pub(super) fn with_object<T>(
    holder: &mut Document,
    name: &str,
    work: impl FnOnce(&mut Document) -> T,
) -> T {
    let slot = holder.entry(name).or_insert(Value::Null);
    let mut object = match slot.take() {
        Value::Object(object) => object,
        _ => Document::new(),
    };
    let result = work(&mut object);
    *slot = Value::Object(object);
    result
}

/// Works on the list called `name`; an empty one is dropped in the end by `finish`.
fn with_list<T>(holder: &mut Document, name: &str, work: impl FnOnce(&mut Vec<Value>) -> T) -> T {
    let slot = holder.entry(name).or_insert(Value::Null);
    let mut list = match slot.take() {
        Value::Array(list) => list,
        _ => vec![],
    };
    let result = work(&mut list);
    *slot = Value::Array(list);
    result
}
