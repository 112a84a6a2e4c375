//! Questions about the chain's state, answered for the best block.

use crate::{
    api::chain,
    connection::{At, Client},
    error::ReadError,
};
use serde::Serialize;
use sonar_primitives::{
    api::{
        BlobInfo, CampaignInfo, CampaignSummary, EntitlementInfo, ModelInfo, ModelRecipe, Quote,
        QuoteRefused, RoundInfo, SubmissionInfo, MAX_PAGE,
    },
    campaign::CampaignCost,
    reputation::Reputation,
    AccountId, Balance, BlobHash, CampaignId, MeasuredError, ModelId, RoundId, SubmissionId,
};
use std::future::Future;
use subxt::{runtime_apis::Payload, utils::Static};
use syft::Architecture;

/// An account as the chain stores it.
type AccountInfo = chain::runtime_types::frame_system::AccountInfo<
    u32,
    chain::runtime_types::pallet_balances::types::AccountData<Balance>,
>;

/// What an account has, in the smallest unit of SNR.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct AccountBalance {
    /// Not held.
    #[serde(with = "sonar_primitives::amount")]
    pub free: Balance,
    /// Held for deposits and bonds.
    #[serde(with = "sonar_primitives::amount")]
    pub held: Balance,
    /// The part of it all that may be held, but not sent.
    #[serde(with = "sonar_primitives::amount")]
    pub frozen: Balance,
}

impl AccountBalance {
    /// All of it.
    pub fn total(&self) -> Balance {
        self.free.saturating_add(self.held)
    }

    /// What can be sent without ending the account, which needs at least `existential_deposit`.
    pub fn transferable(&self, existential_deposit: Balance) -> Balance {
        // What is held counts towards what is frozen.
        let locked = self
            .frozen
            .saturating_sub(self.held)
            .max(existential_deposit);
        self.free.saturating_sub(locked)
    }
}

impl Client {
    /// At most `limit` campaigns (and never more than [`MAX_PAGE`]) from number `from` on.
    pub async fn campaigns(
        &self,
        from: CampaignId,
        limit: u32,
    ) -> Result<Vec<CampaignSummary>, ReadError> {
        let page = self
            .best(chain::runtime_apis().sonar_api().campaigns(from, limit))
            .await?;
        Ok(plain(page))
    }

    /// All campaigns.
    pub async fn all_campaigns(&self) -> Result<Vec<CampaignSummary>, ReadError> {
        let at = self.at_best().await?;
        let page = |from| {
            self.call(
                &at,
                chain::runtime_apis().sonar_api().campaigns(from, MAX_PAGE),
            )
        };
        all(page, |last: &CampaignSummary| last.id.checked_add(1)).await
    }

    /// A campaign; `None` if there is none of this number (any more).
    pub async fn campaign(&self, id: CampaignId) -> Result<Option<CampaignInfo>, ReadError> {
        let answer = self
            .best(chain::runtime_apis().sonar_api().campaign(id))
            .await?;
        Ok(answer.map(|info| info.0))
    }

    /// The models of a campaign's tree, roots included.
    pub async fn tree(&self, id: CampaignId) -> Result<Vec<ModelInfo>, ReadError> {
        let at = self.at_best().await?;
        let page = |from| {
            self.call(
                &at,
                chain::runtime_apis().sonar_api().tree(id, from, MAX_PAGE),
            )
        };
        all(page, |last: &ModelInfo| last.id.checked_add(1)).await
    }

    /// How to build a model; `None` if there is none of this number (any more).
    pub async fn recipe(&self, model: ModelId) -> Result<Option<ModelRecipe>, ReadError> {
        let answer = self
            .best(chain::runtime_apis().sonar_api().recipe(model))
            .await?;
        Ok(answer.map(|recipe| recipe.0))
    }

    /// A campaign's rounds, decided ones included.
    pub async fn rounds(&self, id: CampaignId) -> Result<Vec<RoundInfo>, ReadError> {
        let at = self.at_best().await?;
        let page = |from| {
            self.call(
                &at,
                chain::runtime_apis().sonar_api().rounds(id, from, MAX_PAGE),
            )
        };
        all(page, |last: &RoundInfo| last.id.checked_add(1)).await
    }

    /// A round; `None` if there is none of this number (any more).
    pub async fn round(&self, id: RoundId) -> Result<Option<RoundInfo>, ReadError> {
        let answer = self
            .best(chain::runtime_apis().sonar_api().round(id))
            .await?;
        Ok(answer.map(|info| info.0))
    }

    /// A submission; `None` if there is none of this number (any more).
    pub async fn submission(&self, id: SubmissionId) -> Result<Option<SubmissionInfo>, ReadError> {
        let answer = self
            .best(chain::runtime_apis().sonar_api().submission(id))
            .await?;
        Ok(answer.map(|info| info.0))
    }

    /// An account's submissions that are not forgotten yet, decided ones included.
    pub async fn submissions_of(
        &self,
        account: &AccountId,
    ) -> Result<Vec<SubmissionInfo>, ReadError> {
        let at = self.at_best().await?;
        let page = |from| {
            let account = Static(account.clone());
            self.call(
                &at,
                chain::runtime_apis()
                    .sonar_api()
                    .submissions_of(account, from, MAX_PAGE),
            )
        };
        all(page, |last: &SubmissionInfo| last.id.checked_add(1)).await
    }

    /// What a round on `root` that reaches `error` would earn, and what `account` must have to commit to it.
    pub async fn quote(
        &self,
        account: &AccountId,
        root: ModelId,
        error: MeasuredError,
    ) -> Result<Result<Quote, QuoteRefused>, ReadError> {
        let account = Static(account.clone());
        let answer = self
            .best(
                chain::runtime_apis()
                    .sonar_api()
                    .quote(account, root, error),
            )
            .await?;
        Ok(answer.map(|quote| quote.0).map_err(|refused| refused.0))
    }

    /// What a campaign costs its owner, and its rounds with so many seats those who commit; `bytes` is the size of
    /// parameters and validation set together. `None` if the architecture is over the limits.
    pub async fn cost(
        &self,
        bounty: Balance,
        architecture: &Architecture,
        rows: u32,
        bytes: u64,
        seats: u8,
    ) -> Result<Option<CampaignCost<Balance>>, ReadError> {
        let architecture = Static(architecture.clone());
        let answer = self
            .best(
                chain::runtime_apis()
                    .sonar_api()
                    .cost(bounty, architecture, rows, bytes, seats),
            )
            .await?;
        Ok(answer.map(|cost| cost.0))
    }

    /// The accounts that a campaign's owner has admitted, in no particular order.
    pub async fn admitted(&self, id: CampaignId) -> Result<Vec<AccountId>, ReadError> {
        let at = self.at_best().await?;
        let page = |after: Option<AccountId>| {
            self.call(
                &at,
                chain::runtime_apis()
                    .sonar_api()
                    .admitted(id, after.map(Static), MAX_PAGE),
            )
        };
        all(page, |last: &AccountId| Some(Some(last.clone()))).await
    }

    /// A stored blob's size, owner and deposit; `None` if it is not stored.
    pub async fn blob(&self, blob: BlobHash) -> Result<Option<BlobInfo>, ReadError> {
        let answer = self
            .best(chain::runtime_apis().sonar_api().blob(blob))
            .await?;
        Ok(answer.map(|info| info.0))
    }

    /// What everybody gets from a settled campaign, in no particular order.
    pub async fn entitlements(&self, id: CampaignId) -> Result<Vec<EntitlementInfo>, ReadError> {
        let answer = self
            .best(chain::runtime_apis().sonar_api().entitlements(id))
            .await?;
        Ok(plain(answer))
    }

    /// What an account can claim, from which campaigns.
    pub async fn claimable(&self, account: &AccountId) -> Result<Vec<EntitlementInfo>, ReadError> {
        let at = self.at_best().await?;
        let page = |from| {
            let account = Static(account.clone());
            self.call(
                &at,
                chain::runtime_apis()
                    .sonar_api()
                    .claimable(account, from, MAX_PAGE),
            )
        };
        all(page, |last: &EntitlementInfo| last.campaign.checked_add(1)).await
    }

    /// What an account has done.
    pub async fn reputation(&self, account: &AccountId) -> Result<Reputation, ReadError> {
        let account = Static(account.clone());
        let answer = self
            .best(chain::runtime_apis().sonar_api().reputation(account))
            .await?;
        Ok(answer.0)
    }

    /// What an account has; nothing if it does not exist.
    pub async fn balance(&self, account: &AccountId) -> Result<AccountBalance, ReadError> {
        let Some(account) = self.account(account).await? else {
            return Ok(AccountBalance::default());
        };
        Ok(AccountBalance {
            free: account.data.free,
            held: account.data.reserved,
            frozen: account.data.frozen,
        })
    }

    /// How many transactions of an account the chain has.
    pub(crate) async fn nonce(&self, account: &AccountId) -> Result<u64, ReadError> {
        let account = self.account(account).await?;
        Ok(account.map_or(0, |account| account.nonce.into()))
    }

    async fn account(&self, account: &AccountId) -> Result<Option<AccountInfo>, ReadError> {
        let at = self.at_best().await?;
        let accounts = chain::storage().system().account();
        let value = self
            .ask(at.storage().try_fetch(accounts, (Static(account.clone()),)))
            .await?;
        match value {
            Some(value) => Ok(Some(self.ask(async { value.decode() }).await?)),
            None => Ok(None),
        }
    }

    /// Calls a runtime API at the best block.
    async fn best<P: Payload>(&self, question: P) -> Result<P::ReturnType, ReadError> {
        let at = self.at_best().await?;
        self.call(&at, question).await
    }

    /// Calls a runtime API at a block.
    pub(crate) async fn call<P: Payload>(
        &self,
        at: &At,
        question: P,
    ) -> Result<P::ReturnType, ReadError> {
        self.ask(at.runtime_apis().call(question)).await
    }
}

/// Takes the generated code's wrappers off.
fn plain<T>(page: Vec<Static<T>>) -> Vec<T> {
    page.into_iter().map(|item| item.0).collect()
}

/// All pages: asks for the next one, from where `next` says after the last item, while they are full.
async fn all<T, Start: Default, F: Future<Output = Result<Vec<Static<T>>, ReadError>>>(
    page: impl Fn(Start) -> F,
    next: impl Fn(&T) -> Option<Start>,
) -> Result<Vec<T>, ReadError> {
    let mut items = Vec::new();
    let mut from = Some(Start::default());
    while let Some(start) = from {
        let page = plain(page(start).await?);
        let full = page.len() >= MAX_PAGE as usize;
        from = page.last().filter(|_| full).and_then(&next);
        items.extend(page);
    }
    Ok(items)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_counts_towards_what_is_frozen() {
        let balance = |free, held, frozen| AccountBalance { free, held, frozen };
        assert_eq!(balance(100, 0, 0).transferable(1), 99);
        assert_eq!(balance(100, 30, 50).transferable(1), 80);
        assert_eq!(balance(100, 30, 20).transferable(1), 99);
        assert_eq!(balance(0, 30, 0).transferable(1), 0);
        assert_eq!(balance(1, 2, 0).total(), 3);
    }

    #[tokio::test]
    async fn all_pages_are_read() {
        for count in [0u32, 1, 99, 100, 101, 250] {
            let pages = |from: u32| async move {
                let to = count.min(from + MAX_PAGE);
                Ok((from..to).map(Static).collect())
            };
            let items = all(pages, |last: &u32| last.checked_add(1)).await.unwrap();
            assert_eq!(items, (0..count).collect::<Vec<_>>());
        }
        // The last number there can be ends it.
        let pages = |_: u32| async { Ok((u32::MAX - 99..=u32::MAX).map(Static).collect()) };
        assert_eq!(
            all(pages, |last: &u32| last.checked_add(1))
                .await
                .unwrap()
                .len(),
            100
        );
    }
}
