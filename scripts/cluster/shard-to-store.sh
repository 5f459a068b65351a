#!/bin/sh
# One shard whose results live in an object store that rclone reaches; the machine has scratch space alone.
#   shard-to-store.sh SHARD SHARDS
# A whole shard is STORE/done/NAME, a stopped one STORE/part/NAME: run it again with the same words. Nothing is piped into
# an upload: a scan that was stopped would look whole. Gather with: rclone cat STORE/done | stscan stats -
# Edit the three lines marked with <-.
set -u
: "${STORE=remote:stscan}"   # <- an rclone remote and a folder in it
: "${LIST=domains.txt.gz}"   # <- the list, the same octets on every machine
: "${SCAN_OPTIONS=}"         # <- for instance --resolvers 192.0.2.53 --dns-rate 5000 --at-once 4
name=shard-$1-of-$2.ndjson.gz
here=$(mktemp -d) || exit 1
trap 'rm -rf "$here"' EXIT
before=$(rclone lsf "$STORE/done/" --include "$name") || before=
[ -z "$before" ] || exit 0
before=$(rclone lsf "$STORE/part/" --include "$name") || before=
[ -z "$before" ] || rclone copyto "$STORE/part/$name" "$here/$name" || exit 1
# shellcheck disable=SC2086
stscan scan --resume --shard "$1/$2" --progress never $SCAN_OPTIONS -o "$here/$name" $LIST &
scan=$!
trap 'kill -TERM $scan' TERM
status=0
wait $scan || status=$?
while kill -0 $scan 2>/dev/null; do
  status=0
  wait $scan || status=$?
done
case $status in
0)
  rclone copyto "$here/$name" "$STORE/done/$name" || exit 1
  rclone deletefile "$STORE/part/$name" 2>/dev/null
  ;;
3) rclone copyto "$here/$name" "$STORE/part/$name" || exit 1 ;;
esac
exit $status
