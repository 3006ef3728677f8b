import type { RunOptions } from '../../src/connection/connection.ts';
import type { Api, SigningRequest } from './api.ts';
import { asAdministrator, may } from './door.ts';
import type { ModelMachine } from './machine.ts';

/** As kubectl prints it with the columns that the product asks for. */
export const requestLine = (request: SigningRequest): string => {
  const { name, signer, requestor, usages, pem, condition, certificate } = request;
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const fields = [name, signer, requestor, JSON.stringify(usages), base64(pem), condition];
  return [...fields, certificate === '' ? '' : base64(certificate)].join('|');
};

export const requestLines = (api: Api): string =>
  [...api.requests.values()].map((request) => `${requestLine(request)}\n`).join('');

/** Prints each request now and whenever it has changed, until it is told to end. */
export function listen(machine: ModelMachine, { onLine, signal }: RunOptions): Promise<'aborted' | 'lost'> {
  const told = new Map<string, string>();
  const look = (): void => {
    const api = machine.on ? may(() => asAdministrator(machine)) : null;
    for (const request of api?.requests.values() ?? []) {
      const stands = `${request.condition} ${request.certificate.length}`;
      if (told.get(request.name) === stands) continue;
      told.set(request.name, stands);
      onLine?.(requestLine(request));
    }
  };
  return new Promise((resolve) => {
    const heard = (): void => (machine.cluster.broken || !machine.on ? end('lost') : look());
    const forget = machine.cluster.listen(heard);
    const end = (how: 'aborted' | 'lost'): void => {
      forget();
      resolve(how);
    };
    if (signal?.aborted) return end('aborted');
    signal?.addEventListener('abort', () => end('aborted'), { once: true });
    heard();
  });
}
