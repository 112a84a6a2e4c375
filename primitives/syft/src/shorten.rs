//! Outside text in messages.

use alloc::format;
use alloc::string::String;

/// Characters of outside text that a message repeats.
const SHOWN: usize = 40;

/// The beginning of outside text, so that a hostile one cannot fill a log. Show it with `{:?}`, which escapes controls.
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(super::shorten("é"), "é");
        assert_eq!(super::shorten(&"é".repeat(41)), "é".repeat(40) + "...");
    }
}
