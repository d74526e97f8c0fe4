import type { ChildProgram } from '../port';

/** Where a command finds itself, and the only place of its own where it may write. */
export const sealedHome = '/work';

const nobody = '65534';

/**
 * The first process of a space of its own. It builds a root of what may be seen, leaves the old one, and stays to take in
 * the processes that others leave behind. Runs with all rights in that space; the command is given none of them.
 */
const build = `
set -eu
root=$1 size=$2 wanted=$PATH
shift 2
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs -o "size=$size,mode=0755,nosuid,nodev" tmpfs "$root"
cd "$root"
mkdir -m 1777 work
mkdir proc dev etc .old

show() {
  if [ -d "$1" ]; then mkdir -p ".$1"
  else mkdir -p ".\${1%/*}" && { [ -e ".$1" ] || : >".$1"; }
  fi &&
  if [ "$2" = write ]; then mount --rbind "$1" ".$1"
  else mount --bind "$1" ".$1" && mount -o remount,bind,ro ".$1"
  fi
}

for each in /usr /bin /sbin /lib /lib32 /lib64; do
  if [ -L "$each" ]; then ln -s "$(readlink "$each")" ".$each"
  elif [ -d "$each" ]; then show "$each" read
  fi
done
for each in /etc/alternatives /etc/ssl /etc/ld.so.cache /etc/localtime /etc/passwd /etc/group \\
  /etc/hosts /etc/resolv.conf /etc/nsswitch.conf; do
  if [ -e "$each" ]; then show "$each" read; fi
done
for each in null zero random urandom; do
  : >"dev/$each"
  mount --bind "/dev/$each" "dev/$each"
done
ln -s /proc/self/fd dev/fd
while [ "$1" != -- ]; do
  show "$1" "$2" 2>/dev/null || { echo 'a folder that the operator gives it cannot be shown to it' >&2; exit 1; }
  shift 2
done
shift
mount -t proc -o nosuid,nodev,noexec proc proc
pivot_root . .old
cd /
umount -l /.old
rmdir /.old
cd ${sealedHome}
PATH=$wanted
unset PWD OLDPWD
"$@"
`;

const noRights = ['setpriv', '--inh-caps=-all', '--bounding-set=-all'];
// Its processes are counted for each space of users, so that those of two commands are not counted together.
const asNobody = [
  ...['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'],
  ...['unshare', '--user', '--map-current-user'],
];

/** What stands before a command that sees its own processes, the system's programs and the given folders, and no more. */
export function sealedPrefix(
  { network, folders, limits }: Pick<ChildProgram, 'network' | 'folders' | 'limits'>,
  { root, isRoot }: { readonly root: string; readonly isRoot: boolean },
): string[] {
  // Whatever lies in another must come after it.
  const shown = [...folders].sort((one, other) => one.path.length - other.path.length);
  return [
    ...['unshare', ...(isRoot ? [] : ['--user', '--map-root-user'])],
    ...['--mount', '--ipc', '--pid', '--fork', '--kill-child', ...(network === 'none' ? ['--net'] : [])],
    ...['sh', '-c', build, 'sealed', root, `${limits.disk_mb}m`],
    ...shown.flatMap(({ path, access }) => [path, access]),
    '--',
    ...(isRoot ? asNobody : noRights),
  ];
}
