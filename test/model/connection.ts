import type { Connection, Result, RunOptions, Upload } from '../../src/connection/connection.ts';
import { ConnectionError } from '../../src/errors.ts';
import { factsScript } from '../../provisioners/facts.ts';
import { listRequests } from '../../provisioners/kubelet-requests.ts';
import { change } from './changes.ts';
import { Lost } from './cluster.ts';
import { reasonFor } from './conditions.ts';
import { facts } from './facts.ts';
import type { ModelMachine } from './machine.ts';
import { answers, texts } from './questions.ts';
import { Refusal } from './refusal.ts';
import { listen } from './requests.ts';

/** How a machine of the model is reached. Whatever it does not know is a surprise and fails. */
export function connectionTo(machine: ModelMachine): Connection {
  const { cluster, name } = machine;
  const gone = (): ConnectionError =>
    new ConnectionError(cluster.broken ? 'lost' : 'unreachable', `${name}: the connection broke`);
  return {
    label: name,
    async connect() {
      if (cluster.broken || !machine.on) throw gone();
    },
    async close() {},
    async put(file) {
      if (cluster.broken || !machine.on) throw gone();
      try {
        cluster.effect(machine, () => upload(machine, file));
      } catch (error) {
        throw error instanceof Lost ? gone() : error;
      }
    },
    async run(script, options = {}) {
      try {
        if (cluster.broken || !machine.on) throw new Lost();
        return await answered(machine, script, options);
      } catch (error) {
        if (error instanceof Lost) return result({ code: null, outcome: 'lost' });
        if (error instanceof Refusal) return result({ code: error.code, stderr: `${error.message}\n` });
        cluster.surprises.push(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
        throw error;
      }
    },
  };
}

export const upload = (
  machine: ModelMachine,
  { path, content, sha256, mode, owner = 'root:root' }: Upload,
): void => {
  if (!machine.users.has(owner.split(':')[0] ?? '')) throw new Refusal(1, `chown: invalid user: '${owner}'`);
  const bytes = Buffer.isBuffer(content) ? content : { sha256, size: 1 };
  machine.disk.write(path, bytes, mode, owner);
};

async function answered(machine: ModelMachine, script: string, options: RunOptions): Promise<Result> {
  if (script === factsScript) return result({ stdout: facts(machine) });
  if (script === listRequests) return result({ outcome: await listen(machine, options), code: null });
  if (/^echo '[0-9a-f]{16} /.test(script)) return result({ stdout: answers(machine, script) });
  if (script.startsWith("echo '--- hardway text ")) return result({ stdout: texts(machine, script) });
  if (script.startsWith('index=0\nfor path in ')) return result({ stdout: '' }); // there is room
  if (script.startsWith('hw_check() {')) {
    const reason = await reasonFor(machine, script);
    return result(reason === null ? {} : { code: 1, stdout: `${reason}\n` });
  }
  return result(change(machine, script));
}

const result = (some: Partial<Result>): Result => {
  const { code = 0, outcome = 'ended', stdout = '', stderr = '' } = some;
  return { ok: code === 0 && outcome === 'ended', code, stdout, stderr, milliseconds: 0, outcome };
};
