//! As much of HTTP as nodes on this machine need.

use serde_json::{json, Value};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

/// The body that `path` on a local port answers with.
pub fn get(port: u16, path: &str) -> io::Result<String> {
    exchange(
        port,
        &format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n"),
    )
}

/// The result of a JSON-RPC method, or the node's error.
pub fn rpc(port: u16, method: &str, parameters: Value) -> io::Result<Result<Value, Value>> {
    let body =
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters }).to_string();
    let answer = exchange(
        port,
        &format!(
            "POST / HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ),
    )?;
    let mut answer: Value = serde_json::from_str(&answer)?;
    Ok(match answer.get("error") {
        Some(error) => Err(error.clone()),
        None => Ok(answer["result"].take()),
    })
}

fn exchange(port: u16, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(crate::PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200") => Ok(body.to_owned()),
        _ => Err(io::Error::other(answer)),
    }
}
