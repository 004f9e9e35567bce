#!/bin/sh
# Watch the discount feed every ten minutes; print only what needs your attention.
# 每十分钟看一次折扣数据，只在有事要处理时输出。
#
# Put this line into the crontab (crontab -e). Cron mails what a job prints, so while nothing is
# open it sends no mail. Options after the two files go to `aepromo watch`:
# 用 crontab -e 加入下面一行；两个文件名后面的选项原样交给 aepromo watch：
#
#   */10 * * * *  cd /path/to/shop && /path/to/aepromo/examples/cron/watch-feed.sh feed.jsonl watch.json
#
# The second file remembers what was seen. Once you have dealt with a SKU:
# 第二个文件记住所见。处理完一个 SKU 之后：
#
#   aepromo watch --state watch.json --ack SKU
#
# In a crontab a % has to be written \%. aepromo.toml is read from the working directory,
# therefore the cd. AEPROMO_LANG=zh on a line of its own makes it Chinese;
# AEPROMO_FAIL_ON=new mails only new events, not open ones. The program is the one on
# the PATH, else that of the .venv in the program's folder, else AEPROMO=/path/to/aepromo.
# crontab 里的 % 要写成 \%。要中文就另写一行 AEPROMO_LANG=zh；AEPROMO_FAIL_ON=new 只报新事件。
# 程序不在 PATH 上、也不在程序文件夹的 .venv 里时，用 AEPROMO= 写明。
#
# Exit status: 0 nothing needs your attention, 1 something does, otherwise that of the failure.

set -u

here=$(dirname -- "$0")
feed=$1 state=$2
shift 2
program=${AEPROMO:-$(command -v aepromo || echo "$here/../../.venv/bin/aepromo")}

status=0
report=$("$program" watch "$feed" --state "$state" "$@" \
    ${AEPROMO_FAIL_ON:+--fail-on "$AEPROMO_FAIL_ON"} --quiet --format table) || status=$?

if [ "$status" -eq 1 ] && [ -n "$report" ]; then
    printf '%s\n' "$report"
fi

exit "$status"
