//! `sonar-node`.

fn main() -> std::process::ExitCode {
    match sonar_node::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        // For people: what went wrong, not how Rust would write it down.
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
