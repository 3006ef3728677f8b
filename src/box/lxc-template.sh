#!/bin/sh
# Makes one machine of this box; called by lxc-create. The root file system is unpacked once on a host; each machine
# gets a thin layer of its own over it, and its own /var: containerd cannot put its layers on top of another overlay.
# Where overlays do not work, a machine gets a copy.
set -eu
umask 022

while [ $# -gt 0 ]; do
  case $1 in
    --*=*) option=${1%%=*} value=${1#*=} ;;
    --*) option=$1 value=${2-} && shift ;;
    *) echo "unexpected argument: $1" >&2 && exit 1 ;;
  esac
  shift
  case $option in
    --name) name=$value ;;
    --path) path=$value ;;
    --tarball) tarball=$value ;;
    --config) settings=$value ;;
    --id) id=$value ;;
  esac
done

roots=/var/lib/hardway/roots
root=$roots/$id
# sha256 and path of each artefact in the box.
list=var/lib/hardway/box.sha256
mkdir -p $roots
# Machines are made at the same time: the first one unpacks, and nobody's root is removed under his feet.
exec 9> $roots/.lock
flock 9

remove_unused() {
  find $roots -maxdepth 1 -name '*.used' -mtime +7 | while read -r used; do
    old=${used%.used}
    grep -qs "overlay:$old:" "$(dirname "$path")"/*/config || rm -rf "$old" "$used"
  done
}

unpack() {
  rm -rf "$root.making"
  mkdir "$root.making"
  tar -xzf "$tarball" -C "$root.making" --strip-components=2 --numeric-owner --xattrs '--xattrs-include=*'
  [ ! -f "$root.making/$list" ] || (cd "$root.making" && sha256sum --quiet --check $list)
  mv "$root.making" "$root"
}

# For the artefacts in folder $1 whose paths begin with $2, notes in the /var of this machine, $3, which digest they
# have: whoever looks later need not read them again while inode, size and times are what they are now.
note_digests() {
  [ -f "$root/$list" ] || return 0
  grep "^[0-9a-f]*  $2" "$root/$list" | while read -r digest file; do
    mkdir -p "$3/lib/hardway/digests/${file%/*}"
    echo "$(stat -c '%i:%s:%.Y:%.Z' "$1/$file") $digest" > "$3/lib/hardway/digests/$file"
  done
}

overlay_works() {
  mkdir -p "$path/upper" "$path/work" "$path/trial"
  mount -t overlay hardway -o "lowerdir=$root,upperdir=$path/upper,workdir=$path/work" "$path/trial" 2>/dev/null || return 1
  umount "$path/trial"
  rmdir "$path/trial"
}

touch "$root.used"
if [ ! -d "$root" ]; then
  unpack
  remove_unused
fi

rmdir "$path/rootfs" 2>/dev/null || true
if overlay_works; then
  cp -a "$root/var" "$path/var"
  note_digests "$root" '' "$path/var"
  note_digests "$path" var/ "$path/var"
  rootfs="overlay:$root:$path/upper"
  var="lxc.mount.entry = $path/var var none bind 0 0"
else
  mkdir -p "$path/rootfs"
  cp -a "$root/." "$path/rootfs/"
  note_digests "$path/rootfs" '' "$path/rootfs/var"
  rootfs="dir:$path/rootfs"
  var="# /var is part of the copy"
fi

sed -i -e '/^lxc.rootfs.path/d' -e '/^lxc.uts.name/d' "$path/config"
{
  echo "lxc.rootfs.path = $rootfs"
  cat "$settings"
  echo "$var"
  echo "lxc.uts.name = $name"
} >> "$path/config"
