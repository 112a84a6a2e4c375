use crate::mock::*;
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::recipe::RecipeStep;
use sp_runtime::traits::BadOrigin;

#[test]
fn a_models_parameters_can_be_stored_by_anyone() {
    build_and_execute(|| {
        let id = accepted(ROOT, ALICE, 900);
        events();
        let bytes = parameters(900);
        let store = |bytes| Gradients::store_model(RuntimeOrigin::signed(BOB), id, bytes);
        assert_ok!(store(bytes.clone()));
        assert!(model(id).stored);
        assert_eq!(Pins::get(hash(&bytes)), Some(1));
        assert_eq!(
            events(),
            [Event::ModelStored {
                campaign: CAMPAIGN,
                model: id,
            }]
        );
        let stored = RecipeStep::Stored {
            parameters: hash(&bytes),
        };
        assert_eq!(Gradients::recipe(id).unwrap().recipe, [stored]);
        assert_noop!(store(bytes), Error::AlreadyStored);
    });
}

#[test]
fn other_bytes_are_not_the_model() {
    build_and_execute(|| {
        let id = accepted(ROOT, ALICE, 900);
        let store = |id, bytes| Gradients::store_model(RuntimeOrigin::signed(BOB), id, bytes);
        assert_noop!(store(id, parameters(901)), Error::WrongParameters);
        assert_noop!(store(99, parameters(900)), Error::UnknownModel);
        // A root's parameters are stored from the beginning.
        assert_noop!(store(ROOT, parameters(900)), Error::AlreadyStored);
        PlacesForBlobs::set(0);
        assert_noop!(store(id, parameters(900)), "no place");
        assert_noop!(
            Gradients::store_model(RuntimeOrigin::none(), id, parameters(900)),
            BadOrigin
        );
    });
}
