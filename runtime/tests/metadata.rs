//! The client library is generated from `client/metadata.scale`: it must be what this runtime says of itself.
//!
//! With `SONAR_UPDATE_METADATA=1` the file is written instead of compared (`./scripts/metadata` does that). This test
//! lives here and not beside the client, which cannot be compiled while the file is out of date.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use codec::{Decode, Encode};
use frame_metadata::{v16::RuntimeMetadataV16, RuntimeMetadata, RuntimeMetadataPrefixed};
use scale_info::TypeDef;
use sonar_runtime::Runtime;
use std::{env, fs, path::Path};

/// The newest version that the client's generator reads.
const VERSION: u32 = 16;

/// The metadata without the documentation of types: whether the compiler keeps that depends on what else is built
/// with the runtime, and is not the same for native code and Wasm.
fn metadata() -> Vec<u8> {
    let opaque = Runtime::metadata_at_version(VERSION).expect("the runtime knows this version");
    let RuntimeMetadataPrefixed(magic, metadata) = Decode::decode(&mut &opaque[..]).unwrap();
    let RuntimeMetadata::V16(mut metadata) = metadata else {
        panic!("asked for version {VERSION}");
    };
    forget_docs(&mut metadata);
    RuntimeMetadataPrefixed(magic, RuntimeMetadata::V16(metadata)).encode()
}

fn forget_docs(metadata: &mut RuntimeMetadataV16) {
    for portable in &mut metadata.types.types {
        portable.ty.docs.clear();
        match &mut portable.ty.type_def {
            TypeDef::Composite(composite) => composite
                .fields
                .iter_mut()
                .for_each(|field| field.docs.clear()),
            TypeDef::Variant(variants) => {
                for variant in &mut variants.variants {
                    variant.docs.clear();
                    variant
                        .fields
                        .iter_mut()
                        .for_each(|field| field.docs.clear());
                }
            }
            _ => {}
        }
    }
}

#[test]
fn the_clients_metadata_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client/metadata.scale");
    let current = metadata();
    if env::var_os("SONAR_UPDATE_METADATA").is_some() {
        fs::write(&path, current).unwrap();
        return;
    }
    let checked_in = fs::read(&path).expect("client/metadata.scale can be read");
    assert!(
        checked_in == current,
        "client/metadata.scale is out of date: run ./scripts/metadata and commit the result"
    );
}
