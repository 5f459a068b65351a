#!/bin/sh
# A scan in shards over machines that are reached by ssh, with GNU parallel. Edit the three lines marked with <-.
# `nodes` has a machine a line (":" is this one), with a folder that all of them share. When it was stopped, run it again.
set -eu
: "${SHARDS=16}"             # <- how many there are
: "${LIST=domains.txt.gz}"   # <- the list, the same octets on every machine
: "${SCAN_OPTIONS=}"         # <- for instance --resolvers 192.0.2.53 --dns-rate 5000 --at-once 4
seq 0 $((SHARDS - 1)) |
  parallel --sshloginfile nodes --workdir . --jobs 1 --joblog scan.log --resume-failed --retries 20 \
    stscan scan --resume --shard "{}/$SHARDS" $SCAN_OPTIONS --progress never \
    -o "shard-{}-of-$SHARDS.ndjson.gz" $LIST
