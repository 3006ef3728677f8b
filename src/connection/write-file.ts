import type { Upload } from './connection.ts';
import type { Script } from './quote.ts';
import { lines, quote, sh, verbatim } from './quote.ts';

/** How one file arrives: as it is on standard input (put), or as base64 in a heredoc of the script itself. */
export type Decoder = 'cat' | 'base64 -d';

/**
 * The shell functions behind `put` and `writeFiles`. Every step that fails ends the script with exit code 1, one
 * line on standard error, no temporary file and nothing new at the final path.
 */
export function writingFunctions(files: readonly Upload[]): Script {
  return sh`
hw_clean() { rm -f -- ${verbatim(temporaries(files))}; }
trap 'hw_clean; exit 1' TERM HUP
hw_stop() {
  hw_clean
  while [ ! -d "$hw_dir" ]; do hw_dir=\${hw_dir%/*}; hw_dir=\${hw_dir:-/}; done
  case $hw_says in
    *'No space left'*|*'Disk quota'*)
      hw_free=$(df -B1 --output=avail -- "$hw_dir" 2>/dev/null | tail -n 1)
      echo "no space left below $hw_dir: $hw_path needs $hw_bytes bytes, $(( \${hw_free:-0} )) are free" >&2 ;;
    *'Read-only file system'*)
      hw_mount=$(df --output=target -- "$hw_dir" 2>/dev/null | tail -n 1)
      echo "cannot write $hw_path: \${hw_mount:-its file system} is mounted read-only" >&2 ;;
    *'Operation not permitted'*)
      hw_fixed "$hw_dir"
      echo "cannot write $hw_path: $1: $hw_says" >&2 ;;
    *) echo "cannot write $hw_path: $1: $hw_says" >&2 ;;
  esac
  exit 1
}
hw_fixed() { # <path>...: stops when one of them has an attribute that lets nobody replace it
  hw_attribute=$(lsattr -d -- "$@" 2>/dev/null | sed -n 's/^[^ ]*\\([ia]\\)[^ ]* /\\1 /p' | head -n 1)
  case $hw_attribute in
    'i '*) hw_attribute="\${hw_attribute#i }: it is immutable (chattr -i ends that)" ;;
    'a '*) hw_attribute="\${hw_attribute#a }: it is append-only (chattr -a ends that)" ;;
    *) return ;;
  esac
  hw_clean
  echo "cannot write $hw_attribute" >&2
  exit 1
}
hw_try() { hw_what=$1; shift; hw_says=$("$@" 2>&1) || hw_stop "$hw_what"; }
hw_writes() { # <pid>: it lives and is a shell; after a power failure the number is anybody's
  { read -r hw_who <"/proc/$1/comm"; } 2>/dev/null && case $hw_who in *sh) ;; *) false ;; esac
}
hw_new() { # <decoder> <temporary file>
  [ -d "$hw_dir" ] || hw_try 'making its directory' mkdir -p -- "$hw_dir"
  for hw_old in "\${2%.*}".*; do # what a machine that went down in the middle left behind
    case \${hw_old##*.} in "$$"|*[!0-9]*) ;; *) hw_writes "\${hw_old##*.}" || rm -f -- "$hw_old" ;; esac
  done
  [ ! -e "$2" ] || rm -f -- "$2"
  hw_says=$(exec 2>&1; umask 077; set -C; exec $1 >"$2") || hw_stop writing
}
`;
}

/** Makes the temporary file; the content follows on standard input. */
export function newFile(file: Upload, size: number, decoder: Decoder): Script {
  return sh`hw_path=${file.path} hw_dir=${directory(file)} hw_bytes=${size}
hw_new ${decoder} ${verbatim(temporary(file))}`;
}

/** Gives the checked temporary files owner and mode, and puts them in place: on disk before they get their names. */
export function putInPlace(files: readonly Upload[]): Script {
  const first = files[0]!.path;
  const called = files.length > 1 ? `${first} or one of ${files.length - 1} more` : first;
  const step = (what: string, command: string, some: readonly Upload[]) =>
    sh`hw_try ${what} ${command.split(' ')} ${verbatim(temporaries(some))}`;
  const owned = groups(files, (file) => file.owner ?? 'root:root');
  const modes = groups(files, ({ mode }) => mode.toString(8).padStart(4, '0'));
  return lines(
    sh`hw_path=${called}`,
    ...owned.map(([owner, some]) => step('setting owner and mode', `chown -- ${owner}`, some)),
    ...modes.map(([mode, some]) => step('setting owner and mode', `chmod -- ${mode}`, some)),
    step('syncing', 'sync --', files),
    sh`hw_fixed ${files.map(({ path }) => path)}`, // all or none: before the first of them gets its name
    ...files.map(
      (file) => sh`hw_try ${'putting it in place'} mv -fT -- ${verbatim(temporary(file))} ${file.path}`,
    ),
    sh`hw_try syncing sync -- ${[...new Set(files.map(directory))]}`,
  );
}

/** Beside the target, under a dot-name, another one for each script that runs. A shell word. */
export function temporary(file: Upload): Script {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  return `${quote(`${directory(file)}/.hw-${name}.`.replace('//', '/'))}$$` as Script;
}

function temporaries(files: readonly Upload[]): Script {
  return files.map(temporary).join(' ') as Script;
}

function directory({ path }: Upload): string {
  // sha256sum -c reads names line by line and backslashes in its own way.
  if (!/^\/[^\n\\]*[^\n\\/]$/.test(path))
    throw new TypeError(`${JSON.stringify(path)} is no absolute path of a file`);
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

function groups(files: readonly Upload[], key: (file: Upload) => string): [string, Upload[]][] {
  const found = new Map<string, Upload[]>();
  for (const file of files) found.set(key(file), [...(found.get(key(file)) ?? []), file]);
  return [...found];
}
