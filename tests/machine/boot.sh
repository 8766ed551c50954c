#!/bin/sh
# Becomes the first process of a disposable machine; started by machine.py in namespaces of its own.
#
#   boot.sh FOLDER SYSTEM online|offline NAME [SOURCE TARGET]...
#
# FOLDER is an empty folder of the host to mount on, SYSTEM the root of the system that it has;
# each SOURCE, a folder of the host, is the machine's folder TARGET. Prints its pid as the host sees it when the machine stands, and goes on
# until its standard input ends.
set -eu

folder=$1 system=$2 network=$3 name=$4
shift 4

# This /proc is still the host's, so it shows the host's pid. The shell reads it itself.
read -r pid _ </proc/self/stat

mount --make-rprivate /
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/changes" "$folder/work" "$folder/root"
mount -t overlay overlay \
    -o "lowerdir=$system,upperdir=$folder/changes,workdir=$folder/work" "$folder/root"
root=$folder/root

# What a system is made of is the host's; what people put beside it is not there.
for place in "$root"/*; do
    case ${place##*/} in
        bin | boot | etc | lib* | sbin | usr | var) ;;
        *) [ -L "$place" ] || [ ! -d "$place" ] || mount -t tmpfs -o mode=755 tmpfs "$place" ;;
    esac
done
chmod 700 "$root/root"
chmod 1777 "$root/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$root/var/tmp"
rm -rf "$root/etc/netwatch" "$root/var/lib/netwatch" "$root/usr/local/bin/netwatch-notify" \
    "$root"/etc/cron.d/netwatch* "$root"/etc/systemd/system/netwatch* "$root"/etc/xdg/pip

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/lock"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
# Some systems have /var/run as a folder.
[ -L "$root/var/run" ] || mount --bind "$root/run" "$root/var/run"

while [ $# -gt 0 ]; do
    mkdir -p "$root$2"
    mount --bind "$1" "$root$2"
    shift 2
done

hostname "$name"
printf '%s\n' "$name" >"$root/etc/hostname"
rm -f "$root/etc/hosts"
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$name" >"$root/etc/hosts"
rm -f "$root/etc/resolv.conf"
if [ "$network" = online ]; then
    cat /etc/resolv.conf >"$root/etc/resolv.conf"
else
    : >"$root/etc/resolv.conf"
    ip link set lo up
fi

# From here on the host's files are out of reach: neither this process, nor one that enters its
# mount namespace, finds a way back to them.
mkdir "$root/mnt/host"
cd "$root"
pivot_root . mnt/host
umount --lazy /mnt/host
rmdir /mnt/host

# Its children are reaped by the kernel, and it ends with its standard input: closed by the test,
# or by the death of the test.
trap '' CHLD
echo "$pid"
exec cat >/dev/null
