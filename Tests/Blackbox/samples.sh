#!/usr/bin/env bash
# The committed sample catalogue is what its generator writes.
# shellcheck source-path=SCRIPTDIR source=support/scenario.bash
source "$(dirname "$0")/support/scenario.bash"
samples=$(cd "$(dirname "$0")/../../Samples" && pwd)

check "the generator runs" python3 "$samples/generate.py" "$work/made"
for folder in updates payloads; do
    check "it writes the committed $folder, byte for byte" diff -rq "$samples/$folder" "$work/made/$folder"
done
check "it runs again over what it wrote" python3 "$samples/generate.py" "$work/made"
check "and writes the same" diff -rq "$samples/updates" "$work/made/updates"
finish
