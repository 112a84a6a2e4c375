use crate::{
    mock::*, proposals::subject, Campaign, Campaigns as Stored, Error, Event, NextCampaign,
    Proposals, ProposalsOf, Rules, Sponsors, TermsOf,
};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    campaign::{
        BountySplit, CampaignCost, InitialModel, Members, Privacy, Proposal, ProposalState,
        RoundTerms, State, Terms,
    },
    Balance,
};
use sp_runtime::{DispatchError, Permill, TokenError};
use syft::{Head, Layer, Metric};

/// Creates a campaign whose terms and model were changed.
fn create(
    change: impl FnOnce(&mut Terms<Balance, BlockNumber>, &mut InitialModel),
) -> DispatchOutcome {
    let (mut terms, mut model) = (terms(), model(0));
    change(&mut terms, &mut model);
    Campaigns::create(RuntimeOrigin::signed(OWNER), Box::new(terms), model)
}

type DispatchOutcome = sp_runtime::DispatchResult;

#[test]
fn create_works() {
    build_and_execute(|| {
        assert_ok!(create(|_, _| ()));

        assert_eq!(
            Stored::<Test>::get(0),
            Some(Campaign {
                owner: OWNER,
                state: State::Proposed,
                bounty: BOUNTY,
                deposit: DEPOSIT,
                root: 100,
                start: None,
                admitted: 0,
                settled_steps: None,
                rules: Rules {
                    target: TARGET,
                    deadline: DEADLINE,
                    rows: 100,
                    split: BountySplit::default(),
                    members: Members::Everybody,
                    rounds: RoundTerms::default(),
                },
            })
        );
        assert_eq!(TermsOf::<Test>::get(0), Some(terms()));
        assert_eq!(Sponsors::<Test>::get(0).into_inner(), [(OWNER, BOUNTY)]);
        assert_eq!(ProposalsOf::<Test>::get(0).into_inner(), [100]);
        assert_eq!(
            Proposals::<Test>::get(100),
            Some(Proposal {
                campaign: 0,
                author: OWNER,
                model: model(0),
                assay_price: PRICE,
                deposit: PRICE,
                state: ProposalState::Pending,
            })
        );
        let paid = BOUNTY + DEPOSIT;
        assert_eq!(Balances::free_balance(OWNER), ENDOWMENT - paid - PRICE);
        assert_eq!(held(OWNER), PRICE);
        assert_eq!(escrow_balance(0), paid);
        assert_eq!(Requested::get(), [(100, 0, subject(&model(0)), 1)]);
        assert_eq!(FakeBlobs::pins(parameters(0)), 1);
        assert_eq!(FakeBlobs::pins(validation()), 1);
        System::assert_last_event(
            Event::Created {
                campaign: 0,
                owner: OWNER,
                bounty: BOUNTY,
                root: 100,
            }
            .into(),
        );
    });
}

#[test]
fn every_campaign_has_its_own_number_and_escrow() {
    build_and_execute(|| {
        for id in 0..3 {
            assert_ok!(create(|_, _| ()));
            assert_eq!(escrow_balance(id), BOUNTY + DEPOSIT);
        }
        assert_eq!(NextCampaign::<Test>::get(), 3);
        assert_eq!(FakeBlobs::pins(parameters(0)), 3);
    });
}

#[test]
fn cost_is_what_create_takes() {
    build_and_execute(|| {
        let architecture = model(0).architecture;
        let cost = Campaigns::cost(BOUNTY, &architecture, 100, 2_500, 4).unwrap();
        assert_eq!(
            cost,
            CampaignCost {
                bounty: BOUNTY,
                deposit: DEPOSIT,
                assay_price: PRICE,
                max_commitments: 98,
                max_work_of_a_set: 20_000,
                // 113 for each of 782 sets, divided among 98.
                largest_part: 902,
                base_deposit: 10,
            }
        );
        assert_ok!(create(|_, _| ()));
        assert_eq!(escrow_balance(0), cost.bounty + cost.deposit);
        assert_eq!(held(OWNER), cost.assay_price);
        let mut empty = architecture;
        empty.layers.clear();
        assert_eq!(Campaigns::cost(BOUNTY, &empty, 100, 2_500, 4), None);
    });
}

/// Every way in which a campaign can be wrong leaves everything as it was.
#[test]
fn create_fails_when_something_is_wrong() {
    build_and_execute(|| {
        macro_rules! refused {
            ($error:ident, $change:expr) => {
                assert_noop!(create($change), Error::<Test>::$error);
            };
        }
        refused!(TitleMissing, |t, _| t.title = Default::default());
        refused!(TitleMissing, |t, _| t.title = " \t".try_into().unwrap());
        refused!(EncryptionNotAvailable, |t, _| t.privacy =
            Privacy::Encrypted);
        refused!(SplitNotWhole, |t, _| t.split.data =
            Permill::from_percent(99));
        refused!(ComputeNotAvailable, |t, _| t.split = BountySplit {
            data: Permill::from_percent(90),
            expertise: Permill::zero(),
            compute: Permill::from_percent(10),
        });
        refused!(DataPartMissing, |t, _| t.split = BountySplit {
            data: Permill::zero(),
            expertise: Permill::one(),
            compute: Permill::zero(),
        });
        refused!(ToleranceTooLarge, |t, _| t.tolerance =
            Permill::from_parts(500_001));
        refused!(StartAboveWorst, |t, _| t.starting_error = 1_000_000_001);
        refused!(TargetNotBelowStart, |t, _| t.target_error = START);
        refused!(TargetNotBelowStart, |t, _| t.target_error = START + 1);
        refused!(MinimumStepOutOfRange, |t, _| t.minimum_step = 0);
        // A 1,024th of 850 millions, rounded up, is 830,079.
        refused!(MinimumStepOutOfRange, |t, _| t.minimum_step = 830_078);
        refused!(RoundBlocksOutOfRange, |t, _| t.rounds.round_blocks = 0);
        refused!(RoundBlocksOutOfRange, |t, _| t.rounds.round_blocks = 43_201);
        refused!(RevealWindowOutOfRange, |t, _| t.rounds.reveal_window = 29);
        refused!(RevealWindowOutOfRange, |t, _| t.rounds.reveal_window = 151);
        refused!(SeatsOutOfRange, |t, _| t.rounds.seats = 0);
        refused!(SeatsOutOfRange, |t, _| t.rounds.seats = 7);
        refused!(SteepnessOutOfRange, |t, _| t.rounds.steepness = 0);
        refused!(SteepnessOutOfRange, |t, _| t.rounds.steepness = 4);
        refused!(MinimumStepOutOfRange, |t, _| t.minimum_step =
            START - TARGET + 1);
        // Now is block 1.
        refused!(DeadlineOutOfRange, |t, _| t.deadline = 10);
        refused!(DeadlineOutOfRange, |t, _| t.deadline = 1_002);
        refused!(RowsOutOfRange, |t, _| t.validation.rows = 0);
        refused!(RowsOutOfRange, |t, _| t.validation.rows = 1_001);
        refused!(SchemaNotAccepted, |t, _| t.schema.inputs.clear());
        refused!(ArchitectureNotAccepted, |_, m| m
            .architecture
            .layers
            .clear());
        refused!(ModelDoesNotFit, |_, m| m.architecture.input =
            vec![5].try_into().unwrap());
        refused!(ModelDoesNotFit, |_, m| m.architecture.layers =
            vec![Layer::Dense { units: 3 }].try_into().unwrap());
        refused!(ModelDoesNotFit, |_, m| m.architecture.head =
            Head::SquaredError);
        refused!(ModelDoesNotFit, |t, _| t.metric = Metric::MeanSquaredError);
        refused!(UnknownBlob, |_, m| m.parameters = parameters(77));
        refused!(UnknownBlob, |t, _| t.validation.blob = parameters(77));
        // 4 inputs and 2 units, which count as 8, are 32 multiply-adds a row: 626 rows are just too many
        // for the 126 sets of 16 commitments with four seats, 625 for the 254 with six.
        refused!(TooMuchWork, |t, _| t.validation.rows = 626);
        refused!(TooMuchWork, |t, _| {
            t.validation.rows = 625;
            t.rounds.seats = 6;
        });
        refused!(BountyTooSmall, |t, _| t.bounty = 4_999);
    });
}

/// The worked case of the protocol: bounty 10,000; start 42, target 42 or above.
#[test]
fn create_fails_when_target_is_not_below_start() {
    build_and_execute(|| {
        for target in [42, 43, u64::MAX] {
            let refused = create(|terms, _| {
                terms.bounty = 10_000;
                terms.starting_error = 42;
                terms.target_error = target;
            });
            assert_noop!(refused, Error::<Test>::TargetNotBelowStart);
        }
    });
}

#[test]
fn create_fails_when_parameters_have_the_wrong_size() {
    build_and_execute(|| {
        // 8 + 4 * 10 bytes at least; 8 + 8,192 + 160 * 2 + 4 * 10 at most.
        for (n, size, fits) in [
            (20, 47, false),
            (21, 48, true),
            (22, 8_560, true),
            (23, 8_561, false),
        ] {
            FakeBlobs::insert(parameters(n), size);
            let outcome = create(|_, model| model.parameters = parameters(n));
            if fits {
                assert_ok!(outcome);
            } else {
                assert_noop!(outcome, Error::<Test>::WrongSize);
            }
        }
    });
}

#[test]
fn create_fails_when_gradients_would_be_too_large() {
    build_and_execute(|| {
        // 4 inputs, u units and two outputs: 7 u + 2 parameters, and 320 bytes of header for each of
        // four tensors. 4,096 bytes hold 574 parameters.
        let with_units = |units: u32| {
            create(|terms, model| {
                terms.validation.rows = 1;
                model.parameters = parameters(20);
                model.architecture.layers = vec![Layer::Dense { units }, Layer::Dense { units: 2 }]
                    .try_into()
                    .unwrap();
            })
        };
        FakeBlobs::insert(parameters(20), 8 + 4 * 600);
        assert_ok!(with_units(81));
        assert_noop!(with_units(82), Error::<Test>::GradientTooLarge);
    });
}

#[test]
fn create_works_at_the_limits() {
    build_and_execute(|| {
        assert_ok!(create(|terms, _| {
            terms.deadline = 11;
            terms.validation.rows = 625;
            terms.tolerance = Permill::from_percent(50);
            terms.minimum_step = START - TARGET;
            terms.bounty = 5_000;
            terms.rounds = RoundTerms {
                round_blocks: 1,
                reveal_window: 30,
                seats: 1,
                steepness: 1,
            };
        }));
        assert_ok!(create(|terms, _| {
            terms.deadline = 1_001;
            terms.validation.rows = 1;
            terms.starting_error = 1_000_000_000;
            terms.target_error = 0;
            terms.minimum_step = 976_563;
            terms.rounds = RoundTerms {
                round_blocks: 43_200,
                reveal_window: 150,
                seats: 6,
                steepness: 3,
            };
        }));
    });
}

#[test]
fn create_fails_when_the_owner_cannot_pay() {
    build_and_execute(|| {
        assert_noop!(
            create(|terms, _| terms.bounty = ENDOWMENT),
            DispatchError::Token(TokenError::FundsUnavailable)
        );
        // Its account must stay alive.
        let bounty = ENDOWMENT - DEPOSIT;
        assert_noop!(
            create(|terms, _| terms.bounty = bounty),
            DispatchError::Token(TokenError::NotExpendable)
        );
        // And can pay the assay besides.
        let bounty = ENDOWMENT - DEPOSIT - PRICE - MINIMUM;
        assert_noop!(
            create(|terms, _| terms.bounty = bounty + 1),
            DispatchError::Token(TokenError::FundsUnavailable)
        );
        assert_ok!(create(|terms, _| terms.bounty = bounty));
        assert_noop!(
            create(|terms, _| terms.bounty = u128::MAX),
            DispatchError::Arithmetic(sp_runtime::ArithmeticError::Overflow)
        );
    });
}

#[test]
fn create_fails_when_the_queue_is_full() {
    build_and_execute(|| {
        QueueFull::set(true);
        assert_noop!(create(|_, _| ()), DispatchError::Other("queue full"));
    });
}

#[test]
fn create_fails_when_unsigned() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::create(RuntimeOrigin::none(), Box::new(terms()), model(0)),
            DispatchError::BadOrigin
        );
    });
}
