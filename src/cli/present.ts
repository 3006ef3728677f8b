import type { Connection } from '../connection/connection.ts';
import { ConnectionError } from '../errors.ts';
import type { Session } from './session.ts';

/** Connections to all machines (of these) that answer; one that answers wrongly is an error. */
export async function present(
  session: Session,
  which: (name: string) => boolean = () => true,
): Promise<ReadonlyMap<string, Connection>> {
  const found = new Map<string, Connection>();
  await Promise.all(
    (await session.machines()).map(async ({ name, connection }) => {
      if (!which(name)) return;
      try {
        await connection?.connect();
        if (connection !== null) found.set(name, connection);
      } catch (error) {
        if (!(error instanceof ConnectionError) || !error.absent) throw error;
      }
    }),
  );
  return found;
}
