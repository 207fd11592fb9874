#!/usr/bin/env bash
# Fuzzes on stable Rust: builds the targets as cargo-fuzz does, but for the address sanitizer, which needs a
# nightly and has nothing to find in code without `unsafe`. Needs a C++ compiler for libFuzzer.
#
#   fuzz/run.sh SECONDS [TARGET...]     each target (all of them when none is named) for so long
#
# The corpora grow in fuzz/corpus/, what fails is in fuzz/artifacts/; neither belongs in the repository.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1
shift
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(sed -n 's/^name = "\(.*\)"$/\1/p' fuzz/Cargo.toml | tail -n +2)

export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cdebug-assertions -Coverflow-checks \
  -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
  -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
# With a target named, build scripts and macros are not instrumented.
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --locked -q --release --manifest-path fuzz/Cargo.toml --target "$host" "${targets[@]/#/--bin=}"

for target in "${targets[@]}"; do
  corpus=fuzz/corpus/$target
  mkdir -p "$corpus" "fuzz/artifacts/$target"
  for seed in $(sed -n "s/^$target //p" fuzz/seeds.txt) "fuzz/seeds/$target"/*; do
    if [ -f "$seed" ]; then cp "$seed" "$corpus/${seed//\//-}"; fi
  done
  log=fuzz/artifacts/$target.log
  if "fuzz/target/$host/release/$target" "$corpus" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="fuzz/artifacts/$target/" -print_final_stats=1 >"$log" 2>&1; then
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
  else
    tail -n 40 "$log"
    echo "$target failed: put the input into fuzz/seeds/$target/ under a name that says what it is" >&2
    exit 1
  fi
done
