//! The ways to multiply that a processor may have. All give the same bits.

#[cfg(target_arch = "aarch64")]
use super::neon;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use super::{pack, portable, Start};
use ndarray::{ArrayView2, ArrayViewMut2};
use std::sync::OnceLock;

/// The environment variable that names the way to use, see [`kernel`](super).
const VARIABLE: &str = "SYFT_KERNEL";

/// One way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    /// What [`VARIABLE`] calls it.
    pub(super) name: &'static str,
    /// The columns that one call of [`multiply`](Self::multiply) takes at most.
    pub(super) columns: usize,
    /// Numbers in a register.
    pub(super) lanes: usize,
    /// [`tile::multiply`](super::tile::multiply), for this way.
    pub(super) multiply: fn(ArrayView2<f32>, ArrayView2<f32>, Start, ArrayViewMut2<f32>),
    /// [`pack::rows`], for this way.
    pub(super) pack: fn(ArrayView2<f32>, &mut [f32], usize),
}

const PORTABLE: Path = Path {
    name: "portable",
    columns: 8,
    lanes: 4,
    multiply: portable::multiply,
    pack: pack::rows,
};

#[cfg(target_arch = "x86_64")]
const AVX512: Path = Path {
    name: "avx512",
    columns: 48,
    lanes: 16,
    // SAFETY: only taken where the processor has AVX-512F.
    multiply: |a, b, start, c| unsafe { avx512::multiply(a, b, start, c) },
    // SAFETY: as above.
    pack: |b, to, stride| unsafe { avx512::pack(b, to, stride) },
};

#[cfg(target_arch = "x86_64")]
const AVX2: Path = Path {
    name: "avx2",
    columns: 16,
    lanes: 8,
    // SAFETY: only taken where the processor has AVX2 and FMA.
    multiply: |a, b, start, c| unsafe { avx2::multiply(a, b, start, c) },
    pack: pack::rows,
};

#[cfg(target_arch = "aarch64")]
const NEON: Path = Path {
    name: "neon",
    columns: 12,
    lanes: 4,
    // SAFETY: only taken where the processor has NEON.
    multiply: |a, b, start, c| unsafe { neon::multiply(a, b, start, c) },
    pack: pack::rows,
};

impl Path {
    /// The way that this process uses: what the environment names, or the fastest.
    pub(super) fn chosen() -> Self {
        static CHOSEN: OnceLock<Path> = OnceLock::new();
        *CHOSEN.get_or_init(|| Self::named(std::env::var(VARIABLE).ok().as_deref()))
    }

    /// The way of this name if this processor has it, else the fastest.
    pub(super) fn named(name: Option<&str>) -> Self {
        let all = Self::all();
        let named = all.iter().find(|path| Some(path.name) == name);
        named.or(all.last()).copied().unwrap_or(PORTABLE)
    }

    /// All that this processor has, the fastest last.
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![PORTABLE];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2")
                && std::arch::is_x86_feature_detected!("fma")
            {
                all.push(AVX2);
            }
            if std::arch::is_x86_feature_detected!("avx512f") {
                all.push(AVX512);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            all.push(NEON);
        }
        all
    }
}
