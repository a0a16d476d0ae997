#!/usr/bin/env bash
# usage: start-radosgw.sh FOLDER MON_PORT GATEWAY_PORT ACCESS_KEY SECRET_KEY
# A Ceph of one monitor, one store in memory and one gateway (Debian: ceph-mon ceph-osd ceph-common radosgw) on 127.0.0.1.
# Prints its version when it answers, and runs until its standard input ends.
set -euo pipefail
folder=$1 mon=$2 gateway=$3 access=$4 secret=$5
fsid=$(cat /proc/sys/kernel/random/uuid)
mkdir -p "$folder"/{mon,osd,rgw,run}
cd "$folder"
cat >ceph.conf <<CONF
[global]
fsid = $fsid
mon host = v2:127.0.0.1:$mon
public addr = 127.0.0.1
ms bind ipv6 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
osd objectstore = memstore
memstore device bytes = 4294967296
mon data = $folder/mon
osd data = $folder/osd
rgw data = $folder/rgw
run dir = $folder/run
admin socket = $folder/run/\$name.\$pid.asok
log file = $folder/run/\$name.log
keyring = $folder/keyring
rgw frontends = beast endpoint=127.0.0.1:$gateway
CONF
export CEPH_CONF=$folder/ceph.conf
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
{
  monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon]" monmap
  ceph-authtool --create-keyring keyring --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
  ceph-authtool keyring --gen-key -n mon. --cap mon 'allow *'
  ceph-mon --mkfs -i a --monmap monmap --keyring keyring
  ceph-mon -f -i a </dev/null &
  ceph osd create
  ceph auth get-or-create osd.0 mon 'allow profile osd' osd 'allow *' >>keyring
  ceph auth get-or-create client.rgw mon 'allow rw' osd 'allow rwx' >>keyring
  ceph-osd -i 0 --mkfs
  ceph osd crush add osd.0 1.0 root=default host=localhost
  ceph-osd -f -i 0 </dev/null &
  radosgw -f -n client.rgw </dev/null &
  until (exec 3<>"/dev/tcp/127.0.0.1/$gateway") 2>/dev/null; do sleep 0.5; done
  radosgw-admin -n client.rgw user create --uid=suite --display-name=suite --access-key="$access" --secret-key="$secret"
} >"$folder/start.log" 2>&1
radosgw --version | sed 's/^ceph version \([0-9.]*\).*/\1/'
cat >/dev/null
