# One run of one script, outliving whoever started it. Started as: setsid sh shim RUN_FOLDER COMMAND...
# What it writes is drawn in docs/formats/script-run.md.
run=$1
shift
# No pipe and no file of the starter's stays open here: its death must neither end nor block us.
exec </dev/null >>"$run/shim.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
# TERM is for the script; we live to write down how it ended. A handler, unlike an ignored signal, is not inherited by it.
trap : TERM

start_ticks() { ticks=${20}; }
uptime() { read -r now _ </proc/uptime; }
read -r boot </proc/sys/kernel/random/boot_id
read -r stat </proc/$$/stat
start_ticks ${stat##*) }
uptime

# Making this link is the claim: one call of the kernel, with its content, which only one can win.
ln -s "shim $boot $$ $ticks $now" "$run/claim" || exit 0
# After a loss of power, "claimed" must be there whenever the script may have begun.
sync "$run" "$run/.." || exit 1

{
    trap : TERM
    # The shell's own variables are not the script's.
    env -u PWD -u OLDPWD -u SHLVL -u _ "$@" 2>&1
    code=$?
    uptime
    # Fails when the hub has written an end before: then that one counts.
    ln -s "exit $code $now" "$run/end"
} | (
    trap '' TERM XFSZ
    # 2048 blocks of 512 bytes. cat writes as it reads, so a killed run loses nothing; past the limit its write fails, and the
    # rest is read and dropped, for a script that writes too much must neither wait nor die of it.
    ulimit -f 2048
    if cat >"$run/output" 2>/dev/null; then kept=whole; else kept=cut; fi
    cat >/dev/null
    ln -s "$kept" "$run/drained"
)
