//! What a model gives, for programs that compare it with other libraries.
//!
//! ```text
//! cargo run --release -p syft --example outputs -- FOLDER...
//! ```
//!
//! Each folder holds `architecture.json` and `rows.safetensors` with the tensors `rows` (F32, `[n, inputs]`) and either
//! `classes` (U8, `[n]`) or `numbers` (F32, `[n, outputs]`). The parameters are read from `parameters.safetensors`, or
//! initialised from seed 1 and written there. `results.safetensors` then holds `outputs`, `loss`, and the loss's
//! derivative by every parameter under the parameter's name.

use ndarray::Array2;
use safetensors::tensor::{serialize_to_file, Dtype, TensorView};
use safetensors::SafeTensors;
use std::error::Error;
use std::path::Path;
use syft::{Architecture, Model, Parameters, Targets};

fn main() -> Result<(), Box<dyn Error>> {
    for folder in std::env::args().skip(1) {
        run(Path::new(&folder)).map_err(|error| format!("{folder}: {error}"))?;
    }
    Ok(())
}

fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let architecture: Architecture =
        serde_json::from_slice(&std::fs::read(folder.join("architecture.json"))?)?;
    let file = std::fs::read(folder.join("rows.safetensors"))?;
    let given = SafeTensors::deserialize(&file)?;
    let rows = numbers(&given.tensor("rows")?)?;
    let targets = match given.tensor("classes") {
        Ok(classes) => Targets::Classes(classes.data().to_vec()),
        Err(_) => Targets::Numbers(numbers(&given.tensor("numbers")?)?),
    };

    let path = folder.join("parameters.safetensors");
    let parameters = match path.exists() {
        true => Parameters::from_safetensors(&architecture, &std::fs::read(&path)?)?,
        false => {
            let parameters = Parameters::initialise(&architecture, 1)?;
            std::fs::write(&path, parameters.to_safetensors())?;
            parameters
        }
    };
    let model = Model::new(architecture, parameters)?;
    let outputs = model.forward(rows.view())?;
    let (loss, derivative) = model.loss_and_derivative(rows.view(), &targets)?;

    let mut results = vec![
        ("outputs", outputs.shape().to_vec(), bytes(outputs.iter())),
        ("loss", vec![], bytes([loss].iter())),
    ];
    let mut rest = derivative.iter();
    for tensor in &model.plan().tensors {
        let shape = tensor
            .shape
            .iter()
            .map(|&dimension| dimension as usize)
            .collect();
        let values = bytes(rest.by_ref().take(tensor.values() as usize));
        results.push((&tensor.name, shape, values));
    }
    let views = results
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    Ok(serialize_to_file(
        views,
        None,
        &folder.join("results.safetensors"),
    )?)
}

/// A tensor of two dimensions.
fn numbers(tensor: &TensorView) -> Result<Array2<f32>, Box<dyn Error>> {
    let (Dtype::F32, &[rows, columns]) = (tensor.dtype(), tensor.shape()) else {
        return Err("a tensor of numbers is not F32 of two dimensions".into());
    };
    let (values, _) = tensor.data().as_chunks();
    let values = values
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    Ok(Array2::from_shape_vec((rows, columns), values)?)
}

fn bytes<'a>(values: impl Iterator<Item = &'a f32>) -> Vec<u8> {
    values.flat_map(|value| value.to_le_bytes()).collect()
}
