//! Money adds up: random campaigns, with sponsors, trees, rejections, copies, cancels and missed
//! deadlines, run through real blocks. After each step every pallet's invariants hold; in the end
//! every campaign has paid out exactly what was paid in, and what the chain lost is exactly the fees.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod chain;

use chain::{check_invariants, genesis, Chain, PEOPLE};
use proptest::prelude::*;
use sonar_primitives::{
    assay::{AssayKind, AssayTask, Malformed, Verdict},
    campaign::{BountySplit, Model, Privacy, Terms, ValidationSet, DEFAULT_TOLERANCE},
    payout, tree, BlobHash, CampaignId, NodeId,
};
use sonar_runtime::{
    configs::sonar::LostDeposits, AccountId, Balance, Balances, BlockNumber, Runtime, RuntimeCall,
    RuntimeEvent, System, SNR,
};
use sp_core::H256;
use sp_keyring::Sr25519Keyring;
use sp_runtime::Permill;
use std::collections::BTreeMap;
use syft::{Architecture, Encoding, Gradient, Metric, Parameters, Schema};

fn architecture() -> Architecture {
    serde_json::from_str(
        r#"{"input":[2],"layers":[{"dense":{"units":2}}],"head":"softmax_cross_entropy"}"#,
    )
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

fn terms(
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
        minimum_reputation: 0,
    }
}

/// A commitment whose gradient is not revealed yet.
struct Secret {
    who: Sr25519Keyring,
    submission: NodeId,
    gradient: Vec<u8>,
    salt: [u8; 32],
}

/// Something that somebody does. Numbers choose among what there is at that moment.
#[derive(Clone, Debug)]
enum Step {
    Create {
        who: usize,
        bounty: u64,
        blocks: u32,
        expertise: u32,
        target: u64,
    },
    Propose {
        who: usize,
        campaign: usize,
    },
    Fund {
        who: usize,
        campaign: usize,
        amount: u64,
    },
    TopUp {
        campaign: usize,
        amount: u64,
    },
    Commit {
        who: usize,
        node: usize,
    },
    /// Reveals a commitment, or lets somebody else try.
    Reveal {
        which: usize,
        by: Option<usize>,
    },
    /// Commits to, and reveals, what another has revealed.
    Copy {
        who: usize,
        which: usize,
    },
    Verdict {
        which: usize,
        kind: u8,
        share: u32,
    },
    Cancel {
        campaign: usize,
    },
    Settle {
        campaign: usize,
    },
    Claim {
        campaign: usize,
        who: usize,
        by: usize,
    },
    Advance {
        blocks: u32,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..6usize, 0..u64::MAX, 31..200u32, 0..60u32, 0..800_000_000u64).prop_map(
            |(who, bounty, blocks, expertise, target)| Step::Create { who, bounty, blocks, expertise, target }),
        1 => (0..6usize, any::<usize>()).prop_map(|(who, campaign)| Step::Propose { who, campaign }),
        2 => (0..6usize, any::<usize>(), any::<u64>()).prop_map(|(who, campaign, amount)| Step::Fund { who, campaign, amount }),
        1 => (any::<usize>(), any::<u64>()).prop_map(|(campaign, amount)| Step::TopUp { campaign, amount }),
        8 => (0..6usize, any::<usize>()).prop_map(|(who, node)| Step::Commit { who, node }),
        8 => (any::<usize>(), prop::option::weighted(0.1, 0..6usize)).prop_map(|(which, by)| Step::Reveal { which, by }),
        1 => (0..6usize, any::<usize>()).prop_map(|(who, which)| Step::Copy { who, which }),
        8 => (any::<usize>(), 0..10u8, 1..1_000u32).prop_map(|(which, kind, share)| Step::Verdict { which, kind, share }),
        1 => any::<usize>().prop_map(|campaign| Step::Cancel { campaign }),
        1 => any::<usize>().prop_map(|campaign| Step::Settle { campaign }),
        2 => (any::<usize>(), 0..6usize, 0..6usize).prop_map(|(campaign, who, by)| Step::Claim { campaign, who, by }),
        4 => (1..40u32).prop_map(|blocks| Step::Advance { blocks }),
    ];
    // Most of a campaign's life needs it to be open.
    let opened = [
        Step::Create {
            who: 0,
            bounty: 100,
            blocks: 199,
            expertise: 20,
            target: 50_000_000,
        },
        Step::Verdict {
            which: 0,
            kind: 5,
            share: 7,
        },
    ];
    prop::collection::vec(step, 10..100)
        .prop_map(move |steps| opened.iter().cloned().chain(steps).collect())
}

/// The chain, and what the people who use it remember.
struct World {
    chain: Chain,
    campaigns: Vec<CampaignId>,
    secrets: Vec<Secret>,
    revealed: Vec<(NodeId, Vec<u8>)>,
    next_seed: u64,
}

impl World {
    fn campaign(&self, choice: usize) -> Option<CampaignId> {
        (!self.campaigns.is_empty()).then(|| self.campaigns[choice % self.campaigns.len()])
    }

    fn seed(&mut self) -> u64 {
        self.next_seed += 1;
        self.next_seed
    }

    fn tasks() -> Vec<AssayTask<AccountId, BlockNumber>> {
        let mut tasks: Vec<_> = pallet_assays::Tasks::<Runtime>::iter_values().collect();
        tasks.sort_by_key(|task| task.node);
        tasks
    }

    /// Does it, if it can be done; what the chain refuses must change nothing but the fee.
    fn take(&mut self, step: &Step) {
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
                let blob = self
                    .chain
                    .store(PEOPLE[who], parameters(0).to_safetensors());
                let id = pallet_campaigns::NextCampaign::<Runtime>::get();
                let created = self.chain.submit(
                    PEOPLE[who],
                    RuntimeCall::Campaigns(pallet_campaigns::Call::create {
                        terms: Box::new(terms(
                            bounty,
                            validation,
                            self.chain.now() + blocks,
                            expertise,
                            target,
                        )),
                        model: Model {
                            architecture: architecture(),
                            parameters: blob,
                        },
                    }),
                );
                if created.is_ok() {
                    self.campaigns.push(id);
                }
            }
            Step::Propose { who, campaign } => {
                let Some(campaign) = self.campaign(campaign) else {
                    return;
                };
                let seed = self.seed();
                let blob = self
                    .chain
                    .store(PEOPLE[who], parameters(seed).to_safetensors());
                let _ = self.chain.submit(
                    PEOPLE[who],
                    RuntimeCall::Campaigns(pallet_campaigns::Call::propose {
                        campaign,
                        model: Model {
                            architecture: architecture(),
                            parameters: blob,
                        },
                    }),
                );
            }
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
            Step::TopUp { campaign, amount } => {
                let Some(campaign) = self.campaign(campaign) else {
                    return;
                };
                let amount = u128::from(amount) % SNR;
                for who in PEOPLE {
                    let _ = self.chain.submit(
                        who,
                        RuntimeCall::Campaigns(pallet_campaigns::Call::top_up_reserve {
                            campaign,
                            amount,
                        }),
                    );
                }
            }
            Step::Commit { who, node } => {
                let seed = self.seed();
                self.commit(PEOPLE[who], node, gradient(seed));
            }
            Step::Reveal { which, by } => {
                if self.secrets.is_empty() {
                    return;
                }
                let index = which % self.secrets.len();
                let secret = &self.secrets[index];
                let (submission, salt) = (secret.submission, secret.salt);
                let who = by.map_or(secret.who, |by| PEOPLE[by]);
                let data = secret.gradient.clone();
                let gradient = self.chain.store(who, data.clone());
                let revealed = self.chain.submit(
                    who,
                    RuntimeCall::Gradients(pallet_gradients::Call::reveal {
                        submission,
                        gradient,
                        salt,
                    }),
                );
                if revealed.is_ok() {
                    self.secrets.swap_remove(index);
                    self.revealed.push((submission, data));
                }
            }
            Step::Copy { who, which } => {
                if self.revealed.is_empty() {
                    return;
                }
                let (submission, data) = self.revealed[which % self.revealed.len()].clone();
                let Some(parent) = pallet_gradients::Submissions::<Runtime>::get(submission)
                    .map(|submission| submission.parent)
                else {
                    return;
                };
                self.commit_to(PEOPLE[who], parent, data);
            }
            Step::Verdict { which, kind, share } => {
                let tasks = Self::tasks();
                if tasks.is_empty() {
                    return;
                }
                let task = &tasks[which % tasks.len()];
                let verdict = self.verdict(task, kind, share);
                self.chain
                    .report(task, verdict)
                    .expect("a verdict on a pending task counts");
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
                let Some(campaign) = self.campaign(campaign) else {
                    return;
                };
                let _ = self.chain.submit(
                    PEOPLE[by],
                    RuntimeCall::Payouts(pallet_payouts::Call::claim_for {
                        campaign,
                        account: PEOPLE[who].to_account_id(),
                    }),
                );
            }
            Step::Advance { blocks } => self.chain.advance(blocks),
        }
    }

    fn commit(&mut self, who: Sr25519Keyring, choice: usize, data: Vec<u8>) {
        let mut nodes: Vec<NodeId> = pallet_gradients::Nodes::<Runtime>::iter_keys().collect();
        nodes.sort_unstable();
        if !nodes.is_empty() {
            self.commit_to(who, nodes[choice % nodes.len()], data);
        }
    }

    fn commit_to(&mut self, who: Sr25519Keyring, parent: NodeId, data: Vec<u8>) {
        let Some(node) = pallet_gradients::Nodes::<Runtime>::get(parent) else {
            return;
        };
        let mut salt = [0; 32];
        salt[..8].copy_from_slice(&self.seed().to_le_bytes());
        let hash = H256(syft::content_hash(&data));
        let commitment = tree::commitment(&who.to_account_id(), node.campaign, parent, hash, &salt);
        let submission = pallet_gradients::NextNode::<Runtime>::get();
        let committed = self.chain.submit(
            who,
            RuntimeCall::Gradients(pallet_gradients::Call::commit {
                campaign: node.campaign,
                parent,
                commitment,
            }),
        );
        if committed.is_ok() {
            self.secrets.push(Secret {
                who,
                submission,
                gradient: data,
                salt,
            });
        }
    }

    fn verdict(
        &mut self,
        task: &AssayTask<AccountId, BlockNumber>,
        kind: u8,
        share: u32,
    ) -> Verdict {
        match (task.kind, kind) {
            (_, 0) => Verdict::Malformed(Malformed::NotFinite),
            (AssayKind::Root, 1) => Verdict::Measured { error: 990_000_000 },
            (AssayKind::Root, 2) => Verdict::Measured { error: 0 },
            (AssayKind::Root, _) => Verdict::Measured {
                error: 900_000_000 - u64::from(share),
            },
            (AssayKind::Candidate, 1..=3) => Verdict::NotImproved,
            (AssayKind::Candidate, kind) => {
                let parent = pallet_gradients::Submissions::<Runtime>::get(task.node)
                    .unwrap()
                    .parent;
                let parent = pallet_gradients::Nodes::<Runtime>::get(parent)
                    .unwrap()
                    .error;
                let error = payout::mul_div(parent.into(), share.into(), 1_000).unwrap() as u64;
                // Now and then two gradients lead to the same model.
                let candidate = if kind == 4 {
                    H256::repeat_byte(4)
                } else {
                    H256::from_low_u64_be(task.node)
                };
                Verdict::Improved { error, candidate }
            }
        }
    }

    /// Lets every window pass, settles everything and claims for everybody.
    fn finish(&mut self) {
        // Past every deadline (200) and grace period (330), and every hook that follows.
        self.chain.advance(200 + 330 + 10);
        assert!(Self::tasks().is_empty(), "no assay outlives its window");
        for &campaign in &self.campaigns {
            for who in PEOPLE {
                let _ = self.chain.submit(
                    Sr25519Keyring::Bob,
                    RuntimeCall::Payouts(pallet_payouts::Call::claim_for {
                        campaign,
                        account: who.to_account_id(),
                    }),
                );
            }
        }
        self.chain.advance(1);
    }
}

/// What went into, and came out of, each campaign's escrow, by the chain's own transfer events.
fn flows(events: &[RuntimeEvent], escrow: &AccountId) -> (Balance, Balance) {
    let (mut put_in, mut taken_out) = (0, 0);
    for event in events {
        if let RuntimeEvent::Balances(pallet_balances::Event::Transfer { from, to, amount }) = event
        {
            if to == escrow {
                put_in += amount;
            }
            if from == escrow {
                taken_out += amount;
            }
        }
    }
    (put_in, taken_out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn money_adds_up(steps in steps()) {
        genesis().execute_with(|| {
            let mut world = World {
                chain: Chain::start(),
                campaigns: Vec::new(),
                secrets: Vec::new(),
                revealed: Vec::new(),
                next_seed: 0,
            };
            let issued = Balances::total_issuance();
            for step in &steps {
                world.take(step);
                check_invariants();
            }
            world.finish();
            check_invariants();

            let events = world.chain.take_events();
            let mut claimed = BTreeMap::<CampaignId, Balance>::new();
            let mut fees = 0;
            for event in &events {
                match event {
                    RuntimeEvent::Payouts(pallet_payouts::Event::Claimed { campaign, amount, .. }) => {
                        *claimed.entry(*campaign).or_default() += amount;
                    }
                    RuntimeEvent::TransactionPayment(
                        pallet_transaction_payment::Event::TransactionFeePaid { actual_fee, tip, .. },
                    ) => fees += actual_fee + tip,
                    _ => {}
                }
            }
            assert_eq!(Balances::total_issuance() + fees, issued, "only fees are burnt");

            for &id in &world.campaigns {
                let campaign = pallet_campaigns::Campaigns::<Runtime>::get(id).unwrap();
                let escrow = sonar_runtime::Campaigns::escrow(id);
                let (put_in, taken_out) = flows(&events, &escrow);
                assert_eq!(Balances::free_balance(&escrow), campaign.deposit, "only the deposit is left");
                assert_eq!(put_in, taken_out + campaign.deposit);
                let earned: Balance = sonar_runtime::Payouts::entitlements(id)
                    .into_iter()
                    .map(|(_, given)| given.earned + given.expertise)
                    .sum();
                assert!(earned <= campaign.bounty, "never more than the bounty is earned");
                assert!(claimed.get(&id).copied().unwrap_or(0) >= campaign.bounty, "bounty and rest of the reserve were claimed");
            }
            // Nothing is held for submissions or proposals any more.
            for who in PEOPLE {
                let held: Balance = pallet_model_repository::Blobs::<Runtime>::iter_values()
                    .filter(|blob| blob.depositor == who.to_account_id())
                    .map(|blob| blob.deposit)
                    .sum();
                assert_eq!(System::account(who.to_account_id()).data.reserved, held);
            }
            let lost = Balances::free_balance(LostDeposits::get());
            assert!(lost < issued);
        });
    }
}

/// Start 42 %, target 10 %, path 41, 30, 10: the protocol's worked numbers through real blocks.
#[test]
fn a_path_of_three_pays_the_worked_numbers() {
    genesis().execute_with(|| {
        let [alice, bob, charlie, dave, ..] = PEOPLE;
        let mut world = World {
            chain: Chain::start(),
            campaigns: Vec::new(),
            secrets: Vec::new(),
            revealed: Vec::new(),
            next_seed: 0,
        };
        let validation = world.chain.store(alice, b"validation".to_vec());
        let blob = world.chain.store(alice, parameters(0).to_safetensors());
        let terms = Terms {
            starting_error: 420_000_000,
            ..terms(10_000 * SNR, validation, 200, 0, 100_000_000)
        };
        world
            .chain
            .submit(
                alice,
                RuntimeCall::Campaigns(pallet_campaigns::Call::create {
                    terms: Box::new(terms),
                    model: Model {
                        architecture: architecture(),
                        parameters: blob,
                    },
                }),
            )
            .unwrap();
        let [task] = &World::tasks()[..] else {
            panic!("the root waits for its assay")
        };
        world
            .chain
            .report(task, Verdict::Measured { error: 420_000_000 })
            .unwrap();

        let mut parent = task.node;
        for (index, (who, error)) in [
            (bob, 410_000_000),
            (charlie, 300_000_000),
            (dave, 100_000_000),
        ]
        .into_iter()
        .enumerate()
        {
            world.commit_to(who, parent, gradient(index as u64));
            world.chain.advance(1);
            world.take(&Step::Reveal { which: 0, by: None });
            let [task] = &World::tasks()[..] else {
                panic!("one gradient waits for its assay")
            };
            let candidate = H256::from_low_u64_be(task.node);
            world
                .chain
                .report(task, Verdict::Improved { error, candidate })
                .unwrap();
            check_invariants();
            parent = task.node;
        }
        // The target is reached, nothing is pending: the chain settles by itself.
        world.chain.advance(3);
        check_invariants();

        let earned: BTreeMap<AccountId, Balance> = sonar_runtime::Payouts::entitlements(0)
            .into_iter()
            .map(|(account, given)| (account, given.earned))
            .collect();
        let expected = [
            (alice, 0),
            (bob, 3_125 * SNR / 10),
            (charlie, 34_375 * SNR / 10),
            (dave, 6_250 * SNR),
        ];
        assert_eq!(
            earned,
            expected
                .map(|(who, amount)| (who.to_account_id(), amount))
                .into()
        );
    });
}
