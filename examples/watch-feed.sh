#!/bin/sh
# Watch the discount feed every ten minutes; speak only while something calls for you.
#
# Put this line into the crontab (crontab -e). Cron mails what a job prints, so while nothing is
# open it sends no mail:
#
#   */10 * * * *  /path/to/watch-feed.sh /path/to/feed.jsonl /path/to/watch.json
#
# What was seen is remembered in the second file. Once you have acted on a SKU:
#
#   aepromo watch --state /path/to/watch.json --ack SKU
#
# Cron's PATH is short: where it doesn't find the program, name it in the crontab with a line
# AEPROMO=/path/to/aepromo. AEPROMO_FAIL_ON=new mails news alone, and not what is still open.
#
# Exit status: 0 nothing calls for you, 1 something does, otherwise that of the failure.

set -u

program=${AEPROMO:-aepromo}

status=0
report=$("$program" watch "$1" --state "$2" --quiet --format table \
    --fail-on "${AEPROMO_FAIL_ON:-open}") || status=$?

if [ "$status" -eq 1 ] && [ -n "$report" ]; then
    printf '%s\n' "$report"
fi

exit "$status"
