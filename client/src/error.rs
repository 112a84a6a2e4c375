//! What can go wrong between a client and its node. Blobs, models and keys have errors of their own.

use sonar_primitives::BlockNumber;
use std::fmt;
use subxt::error::DispatchError;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Not a WebSocket URL.
    #[error("\"{url}\" is not a node's URL: expected for example ws://127.0.0.1:9944")]
    BadUrl {
        /// What was given.
        url: String,
    },
    /// Nothing answers there.
    #[error("no node answers at {url} ({reason}): start one with \"sonar-node --dev\", or name another URL")]
    Unreachable {
        /// Where a node was looked for.
        url: String,
        /// What the network says.
        reason: String,
    },
    /// Something is there but does not answer in time.
    #[error("the node at {url} does not answer: wait until it has started, or name another URL")]
    NoAnswer {
        /// Where it is.
        url: String,
    },
    /// Not Sonar.
    #[error(
        "the node at {url} runs another chain ({found}, not sonar): name the URL of a Sonar node"
    )]
    OtherChain {
        /// Where it is.
        url: String,
        /// The name of its runtime.
        found: String,
    },
    /// Sonar, but not this version.
    #[error(
        "the node at {url} runs another version of Sonar's runtime ({spec_version}): \
         use programs and node of the same version"
    )]
    OtherRuntime {
        /// Where it is.
        url: String,
        /// Its runtime's version.
        spec_version: u32,
    },
}

/// Why the node gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The connection is lost for good.
    #[error("the connection to the node at {url} was lost: see whether it runs, then try again")]
    Disconnected {
        /// Where the node is, or was.
        url: String,
    },
    /// The node does not know a block that it has just named.
    #[error("the node at {url} has lost a block: try again")]
    UnknownBlock {
        /// Where the node is.
        url: String,
    },
    /// The node sent no more blocks although it is there.
    #[error("the node at {url} sends no more blocks: connect again")]
    StreamEnded {
        /// Where the node is.
        url: String,
    },
    /// The node cannot answer, or not so that it can be understood.
    #[error("the node at {url} cannot answer: {error}")]
    Node {
        /// Where the node is.
        url: String,
        /// Why.
        error: Box<subxt::Error>,
    },
}

impl ReadError {
    /// Whether a new connection is needed.
    pub fn is_disconnected(&self) -> bool {
        matches!(self, Self::Disconnected { .. } | Self::StreamEnded { .. })
    }
}

/// Why the chain refused a call, as its runtime says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainError {
    /// The pallet that refused, or the kind of error.
    pub pallet: String,
    /// The error's name.
    pub name: String,
    /// What to do, from the runtime's documentation. May be empty.
    pub help: String,
}

impl ChainError {
    pub(crate) fn new(error: &DispatchError) -> Self {
        if let DispatchError::Module(error) = error {
            if let Ok(details) = error.details() {
                return Self {
                    pallet: details.pallet.name().into(),
                    name: details.variant.name.clone(),
                    help: details.variant.docs.join(" ").trim().to_owned(),
                };
            }
        }
        let (pallet, name, help) = match error {
            DispatchError::Token(error) => ("Token", format!("{error:?}"), error.to_string()),
            DispatchError::Arithmetic(error) => {
                ("Arithmetic", format!("{error:?}"), error.to_string())
            }
            DispatchError::Transactional(error) => {
                ("Transactional", format!("{error:?}"), error.to_string())
            }
            error => ("Runtime", format!("{error:?}"), error.to_string()),
        };
        Self {
            pallet: pallet.into(),
            name,
            help,
        }
    }
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}.{}", self.pallet, self.name)?;
        if !self.help.is_empty() {
            write!(f, ": {}", self.help)?;
        }
        Ok(())
    }
}

/// Why a transaction did not do what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// It is in a block, but the chain refused what it asked for. The fee is paid.
    #[error("refused: {0}")]
    Refused(ChainError),
    /// The account cannot pay the fee.
    #[error("the account cannot pay the transaction's fee: send SNR to it first")]
    CannotPayFee,
    /// The node did not take it.
    #[error("the node does not take the transaction: {0}")]
    NotTaken(String),
    /// The node took it and gave it up again.
    #[error(
        "the transaction was not included: {0}; see what the chain says before it is sent again"
    )]
    GivenUp(String),
    /// It was in no block while it was valid. Nothing was done.
    #[error(
        "the transaction found no room in a block for {blocks} blocks and is not valid any more: nothing was done, send \
         it again"
    )]
    Expired {
        /// How long it was valid.
        blocks: BlockNumber,
    },
    /// It was sent, but what became of it is unknown.
    #[error("what became of the transaction is unknown: see what the chain says before it is sent again")]
    Unknown,
    /// It is in a block but left no such event.
    #[error("the transaction left no event {0}: use programs and node of the same version")]
    NoEvent(&'static str),
    /// The node did not answer before it was sent.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl SubmitError {
    /// The chain's own reason, if it has refused.
    pub fn chain_error(&self) -> Option<&ChainError> {
        match self {
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the chain refused for this reason, for example `("Gradients", "RevealWindowOver")`.
    pub fn is(&self, pallet: &str, name: &str) -> bool {
        self.chain_error()
            .is_some_and(|error| error.pallet == pallet && error.name == name)
    }

    /// Whether the transaction was sent and may still come into a block, or is in one already: look at the chain
    /// before sending it again.
    pub fn may_be_included(&self) -> bool {
        matches!(self, Self::GivenUp(_) | Self::Unknown | Self::NoEvent(_))
    }

    /// Whether a new connection is needed.
    pub fn is_disconnected(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Read(error) => error.is_disconnected(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use subxt::error::TokenError;

    #[test]
    fn errors_of_the_runtime_itself_are_readable() {
        let error = ChainError::new(&DispatchError::Token(TokenError::FundsUnavailable));
        assert_eq!(
            error.to_string(),
            "Token.FundsUnavailable: Funds are unavailable."
        );
        let refused = SubmitError::Refused(error);
        assert!(refused.is("Token", "FundsUnavailable"));
        assert!(!refused.is("Token", "Frozen"));
        assert!(!refused.may_be_included());
    }

    #[test]
    fn what_may_have_happened_is_told_apart() {
        assert!(SubmitError::Unknown.may_be_included());
        assert!(SubmitError::Unknown.is_disconnected());
        let lost = SubmitError::from(ReadError::Disconnected { url: String::new() });
        assert!(lost.is_disconnected());
        assert!(!lost.may_be_included());
        assert!(!SubmitError::CannotPayFee.may_be_included());
        assert!(!SubmitError::Expired { blocks: 16 }.may_be_included());
    }
}
