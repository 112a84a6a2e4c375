//! Who may commit to gradients, as a campaign's owner writes it.

use crate::units::UnitError;
use serde::{Deserialize, Deserializer};
use sonar_primitives::campaign::Members;
use std::str::FromStr;

/// Who may take part: `everybody`, `admitted` or `reputation=3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MembersRule(pub Members);

impl FromStr for MembersRule {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let refused = || UnitError::NotMembers(text.into());
        let members = match text.trim().split_once('=') {
            None if text.trim() == "everybody" => Members::Everybody,
            None if text.trim() == "admitted" => Members::Admitted,
            Some((name, contributions)) if name.trim() == "reputation" => Members::Reputation {
                contributions: contributions.trim().parse().map_err(|_| refused())?,
            },
            _ => return Err(refused()),
        };
        Ok(Self(members))
    }
}

impl<'de> Deserialize<'de> for MembersRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Reputation {
            reputation: u32,
        }
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "members are \"everybody\", \"admitted\" or { reputation = 3 }"
        )]
        enum Written {
            Word(String),
            Reputation(Reputation),
        }
        match Written::deserialize(deserializer)? {
            Written::Word(word) => word.parse().map_err(serde::de::Error::custom),
            Written::Reputation(Reputation { reputation }) => Ok(Self(Members::Reputation {
                contributions: reputation,
            })),
        }
    }
}
