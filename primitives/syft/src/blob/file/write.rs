//! Writing headers.

use super::{Stored, METADATA};
use serde_json::Value;

/// The beginning of a canonical file, with room for the tensors' values, which must follow in the same order: the
/// given metadata in their order, the tensors, no white space but the spaces that bring the header to a multiple of 8
/// bytes.
pub(crate) fn begin(metadata: &[(&str, &str)], tensors: &[Stored]) -> Vec<u8> {
    let metadata: Vec<_> = metadata
        .iter()
        .map(|&(name, text)| format!("{}:{}", Value::from(name), Value::from(text)))
        .collect();
    let mut header = format!("{{\"{METADATA}\":{{{}}}", metadata.join(","));
    let mut start = 0;
    for tensor in tensors {
        let end = start + tensor.size();
        let shape: Vec<_> = tensor.shape.iter().map(u32::to_string).collect();
        header.push_str(&format!(
            ",\"{}\":{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{start},{end}]}}",
            tensor.name,
            tensor.kind.name(),
            shape.join(",")
        ));
        start = end;
    }
    header.push('}');
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut bytes = Vec::with_capacity(8 + header.len() + start as usize);
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes
}
