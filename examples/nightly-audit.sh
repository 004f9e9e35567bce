#!/bin/sh
# Audit a cost file every night; speak only when a price breaks.
#
# Put this line into the crontab (crontab -e). Cron mails what a job prints, so a night on which
# all is well sends no mail:
#
#   15 6 * * *  /path/to/nightly-audit.sh /path/to/skus.csv
#
# Without an argument it audits the skus.csv beside this script. Cron's PATH is short: where it
# doesn't find the program, name it in the crontab with a line AEPROMO=/path/to/aepromo.
#
# Exit status: 0 all is well, 1 the audit found something, otherwise that of the failure.

set -u

file=${1:-$(dirname -- "$0")/skus.csv}
program=${AEPROMO:-aepromo}

status=0
report=$("$program" audit "$file" --quiet --fail-on loss --format csv \
    --columns sku,list_price,deal_price,profit,worst_case,status) || status=$?

if [ "$status" -eq 1 ] && [ -n "$report" ]; then
    # The report has a row for every SKU: keep its header and the rows that --fail-on means.
    findings=$(printf '%s\n' "$report" |
        awk -F , 'NR == 1 || $NF == "loss" || $NF == "below_floor"')
    printf 'At a loss or under the floor price in %s: %d\n' \
        "$file" "$(($(printf '%s\n' "$findings" | wc -l) - 1))"
    printf '%s\n' "$findings"
fi

exit "$status"
