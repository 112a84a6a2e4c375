# Shared by the scripts in this folder: where things are built, and how they speak.
# shellcheck shell=bash

set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# One target directory for every clone on this machine, so that a fresh clone only builds what is new.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/sonar/target}
export WASM_BUILD_WORKSPACE_HINT=$project
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}
bin=$CARGO_TARGET_DIR/release

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The channel that rust-toolchain.toml names.
channel() { sed -n 's/^channel = "\(.*\)"/\1/p' "$project/rust-toolchain.toml"; }

# Which toolchain can build for wasm32v1-none here: the project's own, or Debian's (see scripts/setup).
choose_wasm_toolchain() {
    local own
    own=$(rustup run "$(channel)" rustc --print sysroot 2>/dev/null) || own=
    if [ -n "$own" ] && [ -d "$own/lib/rustlib/wasm32v1-none/lib" ]; then
        return
    fi
    if ls /usr/lib/rustlib/wasm32v1-none/lib/libcore-*.rlib >/dev/null 2>&1; then
        # rustup would try to fetch what rust-toolchain.toml lists; it is all here already.
        RUSTUP_TOOLCHAIN=$(channel)
        export RUSTUP_TOOLCHAIN WASM_BUILD_TOOLCHAIN=debian
        return
    fi
    fail "no toolchain for wasm32v1-none: run ./scripts/setup first"
}
