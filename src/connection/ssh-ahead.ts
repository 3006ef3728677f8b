import type { Channel } from './transport.ts';

/** Starts a command on the machine. */
export type Start = (command: string) => Promise<Channel>;

/** One line that every login shell reads alike: waits for a line, and becomes what that says. */
const waitingShell = `/bin/sh -c 'IFS= read -r hw && eval "$hw"'`;

/** As many as a run without changes needs: each gives the next one the time to be opened. */
const count = 2;

/**
 * Starts commands in shells that were opened ahead. Opening a session and starting something in it are two round trips
 * before the first byte of input may be sent; a shell that waits already takes command and input at once.
 * @param spare as `start`, but fails at once where there is no room: nobody must wait for a shell that nobody uses
 */
export function ahead(start: Start, spare: Start): Start {
  const waiting: Promise<Shell | null>[] = [];

  function refill(): void {
    while (waiting.length < count) {
      waiting.push(spare(waitingShell).then(shell, () => null));
    }
  }

  /** The first that waits and still lives. Where there is room for one session only, nothing else can be had. */
  async function spareShell(): Promise<Shell | null> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const one = await next;
      if (one !== null && !one.over()) return one;
    }
    return null;
  }

  return async (command) => {
    const one = await spareShell();
    one?.channel.stdin.write(`exec ${command}\n`);
    const started = one === null ? start(command) : Promise.resolve(one.channel);
    // Afterwards: a shell that nobody uses must not take the place of this one.
    void started.then(refill, () => undefined);
    return started;
  };
}

interface Shell {
  readonly channel: Channel;
  over(): boolean;
}

function shell(channel: Channel): Shell {
  let over = false;
  void channel.exited.then(() => (over = true));
  return { channel, over: () => over };
}
