#!/bin/sh
# Audit a cost file every night; print only prices that are too low.
# 每晚检查成本表，只在有标价会亏或破底线时输出。
#
# Put this line into the crontab (crontab -e). Cron mails what a job prints, so a night on which
# all is well sends no mail. Options after the file go to `aepromo audit`:
# 用 crontab -e 加入下面一行；文件名后面的选项原样交给 aepromo audit：
#
#   15 6 * * *  cd /path/to/shop && /path/to/aepromo/examples/cron/nightly-audit.sh skus.csv
#
# In a crontab a % has to be written \%. aepromo.toml is read from the working directory,
# therefore the cd. AEPROMO_LANG=zh on a line of its own makes it Chinese.
# crontab 里的 % 要写成 \%。aepromo.toml 在工作目录里找，所以要先 cd。要中文就另写一行 AEPROMO_LANG=zh。
#
# Without an argument it audits the skus.csv of quick-start. The program is the one on the
# PATH, else that of the .venv in the program's folder, else say it in the crontab with a line
# AEPROMO=/path/to/aepromo. / 程序不在 PATH 上、也不在程序文件夹的 .venv 里时，用 AEPROMO= 写明。
#
# Exit status: 0 all is well, 1 the audit found something, otherwise that of the failure.

set -u

here=$(dirname -- "$0")
file=${1:-$here/../quick-start/skus.csv}
[ $# -eq 0 ] || shift
program=${AEPROMO:-$(command -v aepromo || echo "$here/../../.venv/bin/aepromo")}

command -v "$program" > /dev/null || {
    echo "aepromo is not on the PATH; say where it is: AEPROMO=/path/to/aepromo" >&2
    exit 127
}

# The statuses to speak of are those that --fail-on means: a loss or worse unless the caller says.
fail_on=loss before=
for word in "$@"; do
    case $before:$word in
    --fail-on:*) fail_on=$word ;;
    *:--fail-on=*) fail_on=${word#*=} ;;
    esac
    before=$word
done
case $fail_on in
below_target) only=below_target,loss,below_floor breaks=会亏、破底线或达不到目标 ;;
below_floor) only=below_floor breaks=破底线 ;;
*) only=loss,below_floor breaks=会亏或破底线 ;;
esac

case ${AEPROMO_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
zh*) headers=zh heading="%s：有 %d 个标价$breaks\n" ;;
*) headers=en heading='Prices that break in %s: %d\n' ;;
esac

# The rows below are read by these options: given by the caller too, they are refused.
status=0
report=$("$program" audit "$file" "$@" --quiet --only "$only" \
    --format csv --headers "$headers" \
    --columns sku,list_price,protected_list_price,profit,status) || status=$?

if [ "$status" -eq 1 ] && [ -n "$report" ]; then
    # shellcheck disable=SC2059 # the heading is one of the two above
    printf "$heading" "$file" "$(($(printf '%s\n' "$report" | wc -l) - 1))"
    printf '%s\n' "$report"
fi

exit "$status"
