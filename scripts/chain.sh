# A development chain and programs that work with it, for the scripts in this folder; source lib.sh first.
# shellcheck shell=bash
#
# What is started here is written to $work/<name>.log, and ended with the script. $bin is where the programs are.

declare -A pids=()

free_port() { node -e 's = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'; }

# Ends what was started here, and nothing else.
end_all() {
    local name
    for name in "${!pids[@]}"; do kill "${pids[$name]}" 2>/dev/null || true; done
    wait 2>/dev/null || true
    pids=()
}

finish() {
    local code=$?
    trap - EXIT
    end_all
    [ "$code" = 0 ] || [ -z "${work:-}" ] || printf 'That failed; logs are in %s\n' "$work" >&2
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Chooses ports for a node that is to be started.
choose_ports() {
    rpc=$(free_port)
    p2p=$(free_port)
    metrics=$(free_port)
    export SONAR_NODE=ws://127.0.0.1:$rpc
}

start_node() {
    "$bin/sonar-node" --dev --base-path "$work/node" --rpc-port "$rpc" --port "$p2p" \
        --prometheus-port "$metrics" >>"$work/node.log" 2>&1 &
    pids[node]=$!
}

wait_for_node() {
    local tries
    for tries in $(seq 60); do
        if "$bin/sonar" campaign list >/dev/null 2>&1; then return; fi
        kill -0 "${pids[node]}" 2>/dev/null || fail "the node has stopped; see $work/node.log"
        sleep 1
    done
    fail "the node does not answer after $tries s; see $work/node.log"
}

start_mine() { # name, account, campaign
    "$bin/mine" --home "$work/$1" run --account "$2" --until-settled "$3" >>"$work/$1.log" 2>&1 &
    pids[$1]=$!
}
