//! Paging through a group's members by cursor, however many they are. RFC 9865.

use super::derived::Question;
use super::paging::{Page, Paging, Position};
use super::{Id, StoreError, Tenant};

/// Members looked at in one go where the first did not fill the page.
const ROUND: usize = 1_000;

impl Tenant {
    /// The members behind the cursor that match. A page may end early, even empty, where too many do not match or it takes too long;
    /// its cursor leads on.
    pub(super) async fn page_of_members(
        &self,
        question: &Question<'_>,
        group: Id,
        paging: &Paging,
    ) -> Result<Page, StoreError> {
        let mut after = paging.after().map(|position| position.id);
        let (mut records, mut looked) = (vec![], 0);
        let mut next = paging.limit() + 1;
        let rest = loop {
            let (_, part) = match self.members_after(group, after, next).await {
                Err(StoreError::NotFound) => return Ok(Page::default()),
                other => other?,
            };
            looked += part.ids.len() as u64;
            let of_kind = |id: &Id| id.resource_type() == question.kind.number;
            let found = self.find_all(part.ids.into_iter().filter(of_kind)).await?;
            records.extend(self.matching(question, found).await?);
            after = part.next;
            next = ROUND;
            let full = records.len() > paging.limit() || looked >= question.most();
            if after.is_none() || full || self.past_deadline() {
                break after;
            }
        };
        let more = records.len() > paging.limit();
        records.truncate(paging.limit());
        let last = records.last().map(|record| record.id);
        let next = if more { last } else { rest };
        Ok(Page {
            total: None,
            records,
            next: next.map(|id| Position { key: None, id }),
        })
    }
}
