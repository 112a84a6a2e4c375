//! The table at the end.

use crate::figure::{round, Bench, Row};
use serde_json::{json, Value};

const LIBRARIES: [&str; 6] = [
    "Syft",
    "PyTorch",
    "NumPy",
    "onnxruntime",
    "gemm",
    "matrixmultiply",
];

/// A table in Markdown.
pub fn print(bench: &Bench) {
    let mut lines = vec![header()];
    lines.extend(bench.rows.iter().map(cells));
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|column| {
            lines
                .iter()
                .map(|line| line[column].len())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for (index, line) in lines.iter().enumerate() {
        let padded: Vec<_> = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        println!("| {} |", padded.join(" | "));
        if index == 0 {
            let rules: Vec<_> = widths.iter().map(|&width| "-".repeat(width - 1)).collect();
            println!("| {}- | {}: |", rules[0], rules[1..].join(": | "));
        }
    }
    println!();
    println!("One thread unless said; the best of {} rounds in turns. Ratio: Syft's speed over the best other's.", bench.rounds);
    println!("{}", versions(bench));
    if let Some(load) = &bench.load {
        println!("Load of the machine at the start: {load}.");
    }
}

fn header() -> Vec<String> {
    let ends = ["best other", "ratio", "goal", "reached"];
    let names = ["figure", "unit"].iter().chain(&LIBRARIES).chain(&ends);
    names.map(|name| name.to_string()).collect()
}

fn cells(row: &Row) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or("-".into(), round);
    let mut cells = vec![row.figure.name.clone(), row.figure.unit.name().into()];
    cells.extend(LIBRARIES.map(|name| number(row.value(name))));
    cells.push(number(row.best_other()));
    cells.push(number(row.ratio()));
    cells.push(row.goal().unwrap_or("-".into()));
    let reached = row
        .reached()
        .map(|reached| if reached { "yes" } else { "no" });
    cells.push(reached.unwrap_or("-").into());
    cells
}

fn versions(bench: &Bench) -> String {
    match &bench.python {
        None => "PyTorch, NumPy and onnxruntime: not measured.".into(),
        Some(python) => {
            let names: Vec<_> = python
                .versions
                .iter()
                .map(|(name, version)| format!("{name} {version}"))
                .collect();
            format!("{}.", names.join(", "))
        }
    }
}

/// The same for programs.
pub fn print_json(bench: &Bench) {
    let rows: Vec<Value> = bench
        .rows
        .iter()
        .map(|row| {
            json!({
                "figure": row.figure.name,
                "unit": row.figure.unit.name(),
                "values": row.values.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
                "best_other": row.best_other(),
                "ratio": row.ratio(),
                "goal": row.goal(),
                "reached": row.reached(),
            })
        })
        .collect();
    let versions = bench.python.as_ref().map(|python| &python.versions);
    println!(
        "{}",
        json!({"rounds": bench.rounds, "versions": versions, "load": bench.load, "figures": rows})
    );
}
