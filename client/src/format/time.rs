//! Blocks as time, and time as blocks.

use sonar_primitives::BlockNumber;
use std::time::Duration;

/// Units from the largest, with their seconds.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];

/// How long so many blocks take, roughly: `about 10 min`, `about 2 h 30 min`.
pub fn duration(blocks: BlockNumber, block_time: Duration) -> String {
    let seconds = block_time.saturating_mul(blocks).as_secs();
    let largest = UNITS.iter().position(|(_, unit)| seconds >= *unit);
    let Some(largest) = largest else {
        return "now".into();
    };
    let mut left = seconds;
    let mut text = String::from("about");
    // Two units are as much as a guess deserves.
    for (name, unit) in UNITS.iter().skip(largest).take(2) {
        if left >= *unit {
            text.push_str(&format!(" {} {name}", left / unit));
            left %= unit;
        }
    }
    text
}

/// How many blocks are made in this time, rounded up. `None` if they cannot be counted.
pub fn blocks_in(time: Duration, block_time: Duration) -> Option<BlockNumber> {
    if block_time.is_zero() {
        return None;
    }
    BlockNumber::try_from(time.as_millis().div_ceil(block_time.as_millis().max(1))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: Duration = Duration::from_secs(2);

    #[test]
    fn blocks_as_time() {
        assert_eq!(duration(0, BLOCK), "now");
        assert_eq!(duration(1, BLOCK), "about 2 s");
        assert_eq!(duration(300, BLOCK), "about 10 min");
        assert_eq!(duration(4_515, BLOCK), "about 2 h 30 min");
        assert_eq!(duration(43_200, BLOCK), "about 1 d");
        assert_eq!(
            duration(u32::MAX, Duration::MAX),
            "about 213503982334601 d 7 h"
        );
    }

    #[test]
    fn time_as_blocks() {
        assert_eq!(blocks_in(Duration::from_secs(600), BLOCK), Some(300));
        assert_eq!(blocks_in(Duration::from_secs(3), BLOCK), Some(2));
        assert_eq!(blocks_in(Duration::ZERO, BLOCK), Some(0));
        assert_eq!(blocks_in(Duration::MAX, BLOCK), None);
        assert_eq!(blocks_in(BLOCK, Duration::ZERO), None);
    }
}
