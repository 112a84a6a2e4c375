//! Receipts in files of parameters.

use super::{Receipt, ReceiptError};
use crate::blob::LONGEST_HEADER;
use serde::Deserialize;
use std::io::Read;

/// The header of a safetensors file, as far as it is needed here.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__", default)]
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
struct Metadata {
    receipt: Option<String>,
}

impl Receipt {
    /// The receipt that travels in a file of [parameters](crate::Parameters::to_safetensors_with), if there is one.
    /// Reads no further than the file's header, which says nothing about the parameters yet: compare their hash with
    /// the receipt's result.
    ///
    /// # Errors
    ///
    /// If reading fails, the header is malformed or longer than that of any parameters, or the receipt is malformed.
    pub fn read_from(mut file: impl Read) -> Result<Option<Self>, ReceiptError> {
        let mut length = [0; 8];
        file.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_HEADER {
            return Err(malformed(format!(
                "the file claims a header of {length} bytes, and none has more than {LONGEST_HEADER}"
            )));
        }
        let mut header = Vec::new();
        file.take(length).read_to_end(&mut header)?;
        let header: Header = serde_json::from_slice(&header)
            .map_err(|error| malformed(format!("the file's header: {error}")))?;
        header
            .metadata
            .receipt
            .map(|json| Self::from_json(&json))
            .transpose()
    }
}

fn malformed(reason: String) -> ReceiptError {
    ReceiptError::Malformed { reason }
}
