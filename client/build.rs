//! Compiles the client again when the metadata changes: the macro that reads it does not tell cargo.

fn main() {
    println!("cargo:rerun-if-changed=metadata.scale");
}
