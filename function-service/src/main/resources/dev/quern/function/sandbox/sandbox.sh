# Builds a root directory and runs a command in it; the first process of fresh namespaces.
#   sandbox.sh ROOT TMP_BYTES {bind SOURCE TARGET | link TARGET PATH}... -- COMMAND...
# ROOT is an empty directory of the machine; what is mounted on it is seen in here only. Everything
# is read-only but /tmp and /dev/shm. Ends with the command's status, 128 + N for signal N.
set -eu
root=$1 tmp=$2
shift 2
mount -t tmpfs -o size=1m,mode=0755,nosuid,nodev quern "$root"
mkdir "$root/proc" "$root/dev" "$root/tmp"
# First, so that what is bound below it (an interpreter in /tmp) stays in sight.
mount -t tmpfs -o "size=$tmp,mode=1777,nosuid,nodev" quern "$root/tmp"
while [ "$1" != -- ]; do
    case $1 in
    bind)
        if [ -d "$2" ]; then
            mkdir -p "$root$3"
        else
            mkdir -p "$root${3%/*}"
            : >"$root$3"
        fi
        # In a user namespace a flag of the original mount must not be dropped.
        mount -o bind,ro,nosuid,nodev "$2" "$root$3" 2>/dev/null ||
            mount -o bind,ro,nosuid,nodev,noexec "$2" "$root$3"
        ;;
    link) ln -s "$2" "$root$3" ;;
    esac
    shift 3
done
shift
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
for node in null zero full random urandom; do
    : >"$root/dev/$node"
    mount -o bind "/dev/$node" "$root/dev/$node"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mkdir "$root/dev/shm"
mount -t tmpfs -o "size=$tmp,mode=1777,nosuid,nodev" quern "$root/dev/shm"
mount -o remount,bind,ro,nosuid,nodev "$root"
cd "$root"
pivot_root . .
umount -l .
cd /tmp
set +e
"$@"
exit $?
