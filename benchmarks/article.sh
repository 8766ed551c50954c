#!/bin/sh
# The article's pipeline as it stands, with the mail left out: a scan, ndiff, and one detail scan.
# article.sh TARGETS OLD.xml PYTHON NEW_PORTS.py, in the folder that takes the results.
set -u
nmap -v --open -T4 -n -oX new.xml "$1" > fast.log 2>&1 || exit 1
ndiff "$2" new.xml > ndiff.txt
[ $? -le 1 ] || exit 2 # 1: they differ
"$3" -S "$4" "$2" new.xml > changed || exit 3
{ read -r ports && read -r hosts; } < changed
[ -n "$ports" ] || exit 0
# shellcheck disable=SC2086 # the hosts are separate words
nmap -v -n -p "$ports" -sV -sC -oA details $hosts > details.log 2>&1
