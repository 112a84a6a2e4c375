//! Changes to files that a stranger might make.

use syft::Random;

/// Numbers that break sums, lengths and offsets.
const NUMBERS: [&str; 8] = [
    "0",
    "-1",
    "1e999",
    "65537",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "99999999999999999999999",
];

/// Characters that make and break JSON and CSV.
const CHARACTERS: &[u8] = b"{}[]\",:\\\n\r -0.e\x00\x7f\x80\xff";

/// One to four changes to `file`, sometimes with parts of `other`.
pub fn mutate(random: &mut Random, file: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..1 + random.below(4) {
        change(random, &mut bytes, other);
    }
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let (start, end) = span(random, bytes.len());
    match random.below(9) {
        // Flip a bit.
        0 => {
            if let Some(byte) = bytes.get_mut(start) {
                *byte ^= 1 << random.below(8);
            }
        }
        // Put another character.
        1 => {
            if let Some(byte) = bytes.get_mut(start) {
                *byte = CHARACTERS[random.below(CHARACTERS.len() as u32) as usize];
            }
        }
        // Cut off the end, or a part in the middle.
        2 => bytes.truncate(start),
        3 => drop(bytes.drain(start..end)),
        // Repeat a part.
        4 => {
            let part = bytes[start..end].to_vec();
            bytes.splice(end..end, part);
        }
        // Put a part of another file.
        5 => {
            let (from, to) = span(random, other.len());
            bytes.splice(start..end, other[from..to].iter().copied());
        }
        // Swap the two halves of a part: tensors or columns change places.
        6 => {
            let middle = (end - start) / 2;
            bytes[start..end].rotate_left(middle);
        }
        // Claim a huge or odd length, in binary or in digits.
        7 => {
            let claim = u64::MAX >> random.below(64);
            for (byte, own) in bytes
                .iter_mut()
                .skip(start)
                .take(8)
                .zip(claim.to_le_bytes())
            {
                *byte = own;
            }
        }
        _ => {
            let is_digit = |&i: &usize| bytes[i].is_ascii_digit();
            if let Some(from) = (start..bytes.len()).find(is_digit) {
                let to = (from..bytes.len()).find(|i| !is_digit(i));
                let number = NUMBERS[random.below(NUMBERS.len() as u32) as usize];
                bytes.splice(from..to.unwrap_or(bytes.len()), number.bytes());
            }
        }
    }
}

/// A place and a later or the same place, both at most `length`.
fn span(random: &mut Random, length: usize) -> (usize, usize) {
    let mut place = || random.below(length as u32 + 1) as usize;
    let (a, b) = (place(), place());
    (a.min(b), a.max(b))
}
