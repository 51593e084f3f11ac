#!/bin/bash
# Runs in the boot root: rmpopt's packages by apt from a folder (/debs), built by
# DKMS for the kernel of the emulated host; then all of it as a disk image,
# /out/disk. The sources of "make dist" are in /out. Usage: disk.sh KERNEL VERSION
set -euo pipefail

kernel=$1
version=$2
old=0.1.9

# What is upgraded in the booted system: the same packages, but older.
older() {
	local name=$1 dir=/tmp/older/$1
	mkdir -p /tmp/older
	dpkg-deb -R /debs/"$name"_*.deb "$dir"
	rm "$dir/DEBIAN/md5sums"
	sed -i "s/$version/$old/g" "$dir"/DEBIAN/*
	if [ -d "$dir/usr/src" ]; then
		mv "$dir/usr/src/rmpopt-$version" "$dir/usr/src/rmpopt-$old"
		sed -i "s/$version/$old/" "$dir/usr/src/rmpopt-$old/dkms.conf"
	fi
	dpkg-deb --root-owner-group -b "$dir" "/tmp/older/$name.deb"
	install -D /debs/"$name"_*.deb "/srv/proof/new/$name.deb"
}

mkdir /tmp/bin
# shellcheck disable=SC2016 # that script's
printf '#!/bin/sh\ncase ${1:-} in -r) echo %s ;; *) exec /usr/bin/uname "$@" ;; esac\n' "$kernel" >/tmp/bin/uname
chmod +x /tmp/bin/uname
export PATH=/tmp/bin:$PATH

# What "make run" there would compile for half an hour, see make.
mkdir -p /srv/proof/bin /srv/proof/built
tar -C /srv/proof -xf "/out/rmpopt-$version.tar.xz"
mv "/srv/proof/rmpopt-$version" /srv/proof/tree
make -C /srv/proof/tree ctl
make -C /srv/proof/tree stage DESTDIR=/tmp/stage
cd "/tmp/stage/usr/src/rmpopt-$version"
# The package has no LICENSE there.
find . -type f ! -name LICENSE -exec sha256sum {} + >/srv/proof/built/sources
make -j"$(nproc)" "KDIR=/lib/modules/$kernel/build" dkms
cp -- *.ko /srv/proof/built/
cd /
install /proof/make /srv/proof/bin/

# DKMS builds for each kernel, and depmod reads each module, which takes minutes there:
# only what is booted, without drivers of what that machine does not have.
find /lib/modules -mindepth 1 -maxdepth 1 ! -name "$kernel" -exec rm -rf {} +
cd "/lib/modules/$kernel/kernel"
rm -rf sound net drivers/{accel,ata,bluetooth,edac,gpio,gpu,hid,hwmon,i2c,iio,infiniband,input,leds,md,media,mfd,mmc,mtd,net,nvme}
rm -rf drivers/{platform,power,regulator,rtc,scsi,spi,staging,target,thunderbolt,usb,vfio,vhost,video,watchdog}
cd /
depmod "$kernel"

older rmpopt-dkms
older rmpoptctl
apt-get -y install /tmp/older/rmpopt-dkms.deb /tmp/older/rmpoptctl.deb
dkms status
[ -z "$(modinfo -k "$kernel" -F stub rmpopt)" ]

install /proof/run /proof/make-run /srv/proof/
echo "$version" >/srv/proof/version
cp /opt/vmm.sh /srv/proof/
install /media/machinectl /media/snpvm /usr/local/bin/
ln -s /usr/local/bin/machinectl /srv/proof/machinectl
cp /proof/proof.service /etc/systemd/system/
systemctl enable proof.service
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
systemd-machine-id-setup
# An emulated CPU shared with others is slow; that is no failure of a unit.
mkdir -p /etc/systemd/system.conf.d
printf '[Manager]\nDefaultTimeoutStartSec=20min\nDefaultTimeoutStopSec=10min\n' >/etc/systemd/system.conf.d/slow.conf
passwd --delete root >/dev/null
rm -f /usr/sbin/policy-rc.d
echo machine >/etc/hostname
printf '127.0.0.1 localhost machine\n' >/etc/hosts
apt-get clean
rm -rf /var/lib/apt/lists/*

# For Secure Boot: what the firmware starts, and its variables without and with the
# key that DKMS has signed with, as shim's MokManager enrols it.
mkdir -p /out/esp/EFI/BOOT
cp /usr/lib/shim/shimx64.efi.signed /out/esp/EFI/BOOT/BOOTX64.EFI
cp /usr/lib/shim/mmx64.efi.signed /out/esp/EFI/BOOT/mmx64.efi
cp /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed /out/esp/EFI/BOOT/grubx64.efi
cp /usr/share/OVMF/OVMF_VARS_4M.ms.fd /out/unenrolled.vars
openssl x509 -inform der -in /var/lib/dkms/mok.pub -out /tmp/mok.pem
virt-fw-vars --input /out/unenrolled.vars --output /out/enrolled.vars --add-mok 605dab50-e046-4300-abb6-3dd810dd8b23 /tmp/mok.pem

# Without what is mounted here.
mkdir /tmp/root
mount --bind / /tmp/root
rm -f /out/disk
truncate -s 4G /out/disk
mkfs.ext4 -q -F -E root_owner=0:0 -d /tmp/root /out/disk
