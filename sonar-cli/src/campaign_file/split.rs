//! How a bounty is shared, as its owner writes it.

use crate::units::{text_or_number, Share, UnitError};
use serde::{Deserialize, Deserializer};
use sonar_primitives::campaign::BountySplit;
use sp_runtime::Permill;
use std::str::FromStr;

/// How a bounty is shared: `data=90%,expertise=10%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split(pub BountySplit);

impl FromStr for Split {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let refused = || UnitError::NotASplit(text.into());
        let mut split = nothing();
        for part in text.split(',') {
            let (name, share) = part.split_once('=').ok_or_else(refused)?;
            let share: Share = share.parse()?;
            match name.trim() {
                "data" => split.data = share.0,
                "expertise" => split.expertise = share.0,
                "compute" => split.compute = share.0,
                _ => return Err(refused()),
            }
        }
        whole(split).ok_or_else(refused)
    }
}

impl<'de> Deserialize<'de> for Split {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Parts {
            #[serde(default, deserialize_with = "text_or_number")]
            data: Option<Share>,
            #[serde(default, deserialize_with = "text_or_number")]
            expertise: Option<Share>,
            #[serde(default, deserialize_with = "text_or_number")]
            compute: Option<Share>,
        }
        let parts = Parts::deserialize(deserializer)?;
        let share = |part: Option<Share>| part.map_or(Permill::zero(), |share| share.0);
        whole(BountySplit {
            data: share(parts.data),
            expertise: share(parts.expertise),
            compute: share(parts.compute),
        })
        .ok_or_else(|| serde::de::Error::custom("the shares of a split must sum to 100 %"))
    }
}

fn nothing() -> BountySplit {
    BountySplit {
        data: Permill::zero(),
        ..BountySplit::default()
    }
}

fn whole(split: BountySplit) -> Option<Split> {
    split.is_whole().then_some(Split(split))
}
