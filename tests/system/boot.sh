# Becomes systemd as PID 1 of a machine of its own, inside new namespaces; see machine.py. Nothing outside is changed:
# every folder that systemd or syncd writes to is covered first.
set -eu
place=$1 python=$2 libraries=$3 systemd=$4

mount --make-rprivate /
mount -o bind,ro /proc/sys /proc/sys
mount --bind "$place/etc" /etc
mount --bind "$place/opt" /opt
mount -o bind,ro "$python" /opt/python
mount -o bind,ro "$libraries" /opt/libraries
for folder in /run /var/lib /var/tmp; do
    mount -t tmpfs -o mode=755 tmpfs "$folder"
done
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /tmp  # the last one: the others may have come from there
mount --make-rshared /  # else systemd can't pass credentials on
cd /
exec env -i PATH="$PATH" container=unshare SYSTEMD_UNIT_PATH=/etc/systemd/system "$systemd" --system --log-target=console
