//! The chain, and what the people who use it remember.

use crate::{
    chain::{tasks, Chain},
    door::{Aim, Secret},
    step::Step,
};
use sonar_primitives::{
    assay::{AcceptedRound, AssayKind, AssayTask, Malformed, RoundVerdict, SeatShare, Verdict},
    campaign::{
        BountySplit, InitialModel, Members, Privacy, RoundTerms, Terms, ValidationSet,
        DEFAULT_TOLERANCE,
    },
    payout,
    submission::SubmissionKind,
    BlobHash, CampaignId, ModelId, RoundId, SubmissionId,
};
use sonar_runtime::{Balance, BlockNumber, Runtime, RuntimeCall, SNR};
use sp_core::H256;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{DispatchError, Permill};
use syft::{Architecture, Encoding, Gradient, Metric, Parameters, Schema};

/// The accounts that take part, besides the assayer's.
pub const PEOPLE: [Sr25519Keyring; 6] = [
    Sr25519Keyring::Alice,
    Sr25519Keyring::Bob,
    Sr25519Keyring::Charlie,
    Sr25519Keyring::Dave,
    Sr25519Keyring::Eve,
    Sr25519Keyring::Ferdie,
];

fn architecture() -> Architecture {
    serde_json::from_str(
        r#"{"input":[2],"layers":[{"dense":{"units":2}}],"head":"softmax_cross_entropy"}"#,
    )
    .unwrap()
}

/// Another architecture for each of a few seeds: a campaign has one root of each.
fn other_architecture(seed: u64) -> Architecture {
    let hidden = 3 + seed % 5;
    serde_json::from_str(&format!(
        r#"{{"input":[2],"layers":[{{"dense":{{"units":{hidden}}}}},"relu",{{"dense":{{"units":2}}}}],
            "head":"softmax_cross_entropy"}}"#
    ))
    .unwrap()
}

fn schema() -> Schema {
    serde_json::from_str(
        r#"{"inputs":[{"name":"x","kind":{"vector":{"length":2}}}],
            "output":{"name":"y","kind":{"category":{"classes":["a","b"]}}}}"#,
    )
    .unwrap()
}

fn parameters(seed: u64) -> Parameters {
    Parameters::initialise(&architecture(), seed).unwrap()
}

/// A gradient that nobody else has: the way from the first parameters to others.
fn gradient(seed: u64) -> Vec<u8> {
    Gradient::between(&parameters(0), &parameters(seed + 1))
        .unwrap()
        .encode(Encoding::DenseF32)
}

/// The terms of most campaigns.
pub fn terms(
    bounty: Balance,
    validation: BlobHash,
    deadline: BlockNumber,
    expertise: u32,
    target: u64,
) -> Terms<Balance, BlockNumber> {
    let expertise = Permill::from_percent(expertise);
    Terms {
        title: "Two classes".try_into().unwrap(),
        description: "".try_into().unwrap(),
        schema: schema(),
        metric: Metric::ErrorRate,
        validation: ValidationSet {
            blob: validation,
            rows: 10,
        },
        starting_error: 900_000_000,
        target_error: target,
        tolerance: DEFAULT_TOLERANCE,
        minimum_step: 1_000_000,
        deadline,
        privacy: Privacy::Open,
        bounty,
        split: BountySplit {
            data: Permill::one() - expertise,
            expertise,
            compute: Permill::zero(),
        },
        open_proposals: true,
        members: Members::Everybody,
        rounds: RoundTerms {
            round_blocks: 10,
            ..Default::default()
        },
    }
}

/// A commitment that this world can reveal, by its place in the list of all that were made.
#[derive(Clone, Copy)]
pub struct Committed(usize);

/// The chain, and what the people who use it remember.
pub struct World {
    pub chain: Chain,
    pub campaigns: Vec<CampaignId>,
    /// All commitments that were ever made.
    made: Vec<(Sr25519Keyring, Secret)>,
    /// Those that were not revealed yet.
    secrets: Vec<usize>,
    next_seed: u64,
}

impl World {
    /// The first block of a fresh chain.
    pub fn new() -> Self {
        Self {
            // Invariants are checked after each step.
            chain: Chain::start(|| ()),
            campaigns: Vec::new(),
            made: Vec::new(),
            secrets: Vec::new(),
            next_seed: 0,
        }
    }

    fn campaign(&self, choice: usize) -> Option<CampaignId> {
        (!self.campaigns.is_empty()).then(|| self.campaigns[choice % self.campaigns.len()])
    }

    fn seed(&mut self) -> u64 {
        self.next_seed += 1;
        self.next_seed
    }

    fn salt(&mut self) -> [u8; 32] {
        let mut salt = [0; 32];
        salt[..8].copy_from_slice(&self.seed().to_le_bytes());
        salt
    }

    /// Creates a campaign. Returns the number of its root.
    pub fn create(
        &mut self,
        who: Sr25519Keyring,
        terms: Terms<Balance, BlockNumber>,
    ) -> Result<ModelId, DispatchError> {
        let blob = self.chain.store(who, parameters(0).to_safetensors());
        let model = InitialModel {
            architecture: architecture(),
            parameters: blob,
        };
        let id = self.chain.create(who, terms, model)?;
        self.campaigns.push(id);
        let campaign = pallet_campaigns::Campaigns::<Runtime>::get(id).unwrap();
        Ok(campaign.root)
    }

    /// Commits to a proposal, and reveals it in the next block. Returns its number.
    pub fn propose(
        &mut self,
        who: Sr25519Keyring,
        campaign: CampaignId,
    ) -> Result<ModelId, DispatchError> {
        let seed = self.seed();
        let architecture = other_architecture(seed);
        let bytes = Parameters::initialise(&architecture, seed)
            .unwrap()
            .to_safetensors();
        let salt = self.salt();
        let secret = self
            .chain
            .commit_proposal(who, campaign, architecture, bytes, salt)?;
        self.chain.advance(1);
        self.chain.reveal_proposal(who, secret)
    }

    /// Commits to a gradient.
    pub fn commit(
        &mut self,
        who: Sr25519Keyring,
        campaign: CampaignId,
        root: ModelId,
        base: ModelId,
    ) -> Result<Committed, DispatchError> {
        let gradient = gradient(self.seed());
        let salt = self.salt();
        let aim = Aim {
            campaign,
            root,
            base,
        };
        let secret = self.chain.commit(who, aim, gradient, salt, Balance::MAX)?;
        self.secrets.push(self.made.len());
        self.made.push((who, secret));
        Ok(Committed(self.made.len() - 1))
    }

    /// The number that the chain gave a commitment.
    pub fn submission_of(&self, committed: Committed) -> SubmissionId {
        self.made[committed.0].1.submission
    }

    fn reveal(&mut self, which: usize, who: Sr25519Keyring) -> Result<(), DispatchError> {
        let revealed = self.chain.reveal(who, &self.made[which].1);
        if revealed.is_ok() {
            self.secrets.retain(|other| *other != which);
        }
        revealed
    }

    /// Waits until the round of these commitments is closed, and reveals them. Returns the round.
    pub fn reveal_all(&mut self, commitments: &[Committed]) -> RoundId {
        let id = self.submission_of(commitments[0]);
        let submission = pallet_gradients::Submissions::<Runtime>::get(id).unwrap();
        let SubmissionKind::Gradient { round, .. } = submission.kind else {
            panic!("it is no gradient")
        };
        let closes = pallet_gradients::Rounds::<Runtime>::get(round)
            .unwrap()
            .closes;
        let now = self.chain.now();
        self.chain.advance(closes.saturating_sub(now));
        for committed in commitments {
            self.reveal(committed.0, self.made[committed.0].0).unwrap();
        }
        round
    }

    /// A round of these people, each with a root and a base. Returns its number; its assay is asked for.
    pub fn round_of(&mut self, members: &[(Sr25519Keyring, ModelId, ModelId)]) -> RoundId {
        let mut commitments = Vec::new();
        for (who, root, base) in members {
            commitments.push(self.commit(*who, 0, *root, *base).unwrap());
        }
        self.reveal_all(&commitments)
    }

    /// Gives the verdict on a root or round whose assay is asked for.
    pub fn judge(&mut self, id: ModelId, verdict: Verdict) {
        let task = tasks()
            .into_iter()
            .find(|task| task.id == id)
            .expect("the assay is asked for");
        self.chain.make_room();
        self.chain
            .report(&task, verdict)
            .expect("a verdict on a pending task counts");
    }

    /// Does it, if it can be done; what the chain refuses must change nothing but the fee.
    pub fn take(&mut self, step: &Step) {
        match *step {
            Step::Create {
                who,
                bounty,
                blocks,
                expertise,
                target,
            } => {
                let bounty = 10 * SNR + u128::from(bounty) % (1_000 * SNR);
                let validation = self.chain.store(PEOPLE[who], b"validation".to_vec());
                let deadline = self.chain.now() + blocks;
                let terms = terms(bounty, validation, deadline, expertise, target);
                let _ = self.create(PEOPLE[who], terms);
            }
            Step::Propose { who, campaign } => {
                if let Some(campaign) = self.campaign(campaign) {
                    let _ = self.propose(PEOPLE[who], campaign);
                }
            }
            Step::Answer { which, accept } => self.answer(which, accept),
            Step::Fund {
                who,
                campaign,
                amount,
            } => {
                let Some(campaign) = self.campaign(campaign) else {
                    return;
                };
                let amount = u128::from(amount) % (100 * SNR);
                let _ = self.chain.submit(
                    PEOPLE[who],
                    RuntimeCall::Campaigns(pallet_campaigns::Call::fund { campaign, amount }),
                );
            }
            Step::Commit { who, model } => {
                let mut models: Vec<_> = pallet_gradients::Models::<Runtime>::iter().collect();
                models.sort_by_key(|(id, _)| *id);
                if !models.is_empty() {
                    let (base, model) = &models[model % models.len()];
                    let _ = self.commit(PEOPLE[who], model.campaign, model.root, *base);
                }
            }
            Step::Reveal { which, by } => {
                if !self.secrets.is_empty() {
                    let index = self.secrets[which % self.secrets.len()];
                    let who = by.map_or(self.made[index].0, |by| PEOPLE[by]);
                    let _ = self.reveal(index, who);
                }
            }
            Step::Verdict { which, kind, share } => {
                let tasks = tasks();
                if !tasks.is_empty() {
                    let task = &tasks[which % tasks.len()];
                    let verdict = Self::verdict(task, kind, share);
                    self.judge(task.id, verdict);
                }
            }
            Step::StoreModel { who, which } => {
                // Nobody here knows the parameters, so it must be refused.
                let models: Vec<_> = pallet_gradients::Models::<Runtime>::iter_keys().collect();
                if !models.is_empty() {
                    let stored = self.chain.submit(
                        PEOPLE[who],
                        RuntimeCall::Gradients(pallet_gradients::Call::store_model {
                            model: models[which % models.len()],
                            parameters: parameters(1).to_safetensors(),
                        }),
                    );
                    assert!(stored.is_err());
                }
            }
            Step::Cancel { campaign } => {
                let Some(campaign) = self.campaign(campaign) else {
                    return;
                };
                for who in PEOPLE {
                    let _ = self.chain.submit(
                        who,
                        RuntimeCall::Campaigns(pallet_campaigns::Call::cancel { campaign }),
                    );
                }
            }
            Step::Settle { campaign } => {
                let Some(campaign) = self.campaign(campaign) else {
                    return;
                };
                let _ = self.chain.submit(
                    PEOPLE[0],
                    RuntimeCall::Campaigns(pallet_campaigns::Call::close { campaign }),
                );
                let _ = self.chain.submit(
                    PEOPLE[0],
                    RuntimeCall::Campaigns(pallet_campaigns::Call::settle { campaign }),
                );
            }
            Step::Claim { campaign, who, by } => {
                if let Some(campaign) = self.campaign(campaign) {
                    let _ = self
                        .chain
                        .claim(PEOPLE[by], campaign, PEOPLE[who].to_account_id());
                }
            }
            Step::Advance { blocks } => self.chain.advance(blocks),
        }
    }

    fn answer(&mut self, which: usize, accept: bool) {
        let mut proposals: Vec<_> = pallet_campaigns::Proposals::<Runtime>::iter_keys().collect();
        proposals.sort_unstable();
        if proposals.is_empty() {
            return;
        }
        let root = proposals[which % proposals.len()];
        for who in PEOPLE {
            let call = match accept {
                true => pallet_campaigns::Call::accept_proposal { root },
                false => pallet_campaigns::Call::reject_proposal { root },
            };
            let _ = self.chain.submit(who, RuntimeCall::Campaigns(call));
        }
    }

    fn verdict(task: &AssayTask<BlockNumber>, kind: u8, share: u32) -> Verdict {
        match (task.kind, kind) {
            (AssayKind::Root, 0) => Verdict::Malformed(Malformed::NotFinite),
            (AssayKind::Root, 1) => Verdict::Measured { error: 990_000_000 },
            (AssayKind::Root, 2) => Verdict::Measured { error: 0 },
            (AssayKind::Root, _) => Verdict::Measured {
                error: 900_000_000 - u64::from(share),
            },
            (AssayKind::Round, kind) => Verdict::Round(Self::round_verdict(task.id, kind, share)),
        }
    }

    /// A verdict that says something of every revealed gradient; now and then one that breaks the rules.
    fn round_verdict(id: RoundId, kind: u8, share: u32) -> RoundVerdict {
        let round = pallet_gradients::Rounds::<Runtime>::get(id).unwrap();
        let branch =
            pallet_gradients::Branches::<Runtime>::get(round.campaign, round.root).unwrap();
        let best = pallet_gradients::Models::<Runtime>::get(branch.best)
            .unwrap()
            .error;
        let mut places: Vec<u8> = (0..round.reveals as u8).collect();
        let mut malformed = Vec::new();
        if kind == 3 {
            malformed.extend(places.pop());
        }
        let error = payout::mul_div(best.into(), share.into(), 1_000).unwrap() as u64;
        places.truncate(round.seats.into());
        let accepted = (kind > 2 && !places.is_empty()).then(|| AcceptedRound {
            error,
            parameters: H256::from_low_u64_be(id),
            best_set: places[..1].to_vec().try_into().unwrap(),
            with_previous: kind.is_multiple_of(2),
            seats: places
                .iter()
                .map(|&place| SeatShare {
                    place,
                    share: u128::from(place) * 7 + u128::from(share),
                })
                .collect::<Vec<_>>()
                .try_into()
                .unwrap(),
        });
        RoundVerdict {
            malformed: malformed.try_into().unwrap(),
            accepted,
        }
    }

    /// Lets every window pass, settles everything and claims for everybody.
    pub fn finish(&mut self) {
        // Past every deadline (200) and reveal window (30); what is measured then is decided, round after
        // round.
        for _ in 0..45 {
            self.chain.advance(8);
            for task in tasks() {
                let verdict = Self::verdict(&task, 2, 1);
                self.judge(task.id, verdict);
            }
        }
        assert!(tasks().is_empty(), "no assay is left");
        for campaign in self.campaigns.clone() {
            for who in PEOPLE {
                let _ = self
                    .chain
                    .claim(Sr25519Keyring::Bob, campaign, who.to_account_id());
            }
        }
        self.chain.advance(1);
    }
}
