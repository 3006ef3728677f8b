/** What a process makes for a moment carries its number: "ca.key" → ".ca.key.4711.", and something random follows. */
export const momentary = (name: string): string => `.${name}.${process.pid}.`;

/** Whether something was made for a moment, by a process of this computer that goes on or by one that was killed. */
export function madeForAMoment(name: string): 'in use' | 'left behind' | null {
  const [, pid] = /^\..+\.(\d+)\.[0-9A-Za-z]{6,16}$/.exec(name) ?? [];
  if (pid === undefined) return null;
  try {
    process.kill(Number(pid), 0);
    return 'in use';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'left behind' : 'in use';
  }
}
