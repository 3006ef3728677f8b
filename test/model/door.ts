import { administratorsMay, type Api } from './api.ts';
import { mayUse } from './etcd.ts';
import type { ModelMachine } from './machine.ts';
import { Refusal } from './refusal.ts';
import { option } from './systemd.ts';

/** The API as it is reached at an address and port; null: nobody answers there. */
export function apiAt(machine: ModelMachine, server: string): Api | null {
  const { cluster } = machine;
  const host = cluster.machines().find((each) => each.isActive('kube-apiserver'));
  const process = host?.process('kube-apiserver') ?? null;
  if (process === null) return null;
  const there = `https://${option(process, 'advertise-address')}:${option(process, 'secure-port')}`;
  const etcd = cluster.etcd();
  if (
    there !== resolved(machine, server) ||
    etcd === null ||
    !mayUse(etcd, 'kube-apiserver-etcd-client', '/registry/')
  )
    return null;
  return etcd.api;
}

/** A name is what this machine's own hosts file says it is; nobody else is asked. */
function resolved({ disk }: ModelMachine, server: string): string {
  const hostname = /^https:\/\/(.*):\d+$/.exec(server)?.[1] ?? '';
  const line = disk
    .text('/etc/hosts')
    .split('\n')
    .find((each) => each.split(' ').slice(1).includes(hostname));
  return line === undefined ? server : server.replace(hostname, line.split(' ')[0] ?? '');
}

/** The server that a kubeconfig names; '' when it is missing or damaged. */
export const serverIn = (machine: ModelMachine, path: string): string =>
  machine.disk.sound(path) ? (/^ *server: (\S+)$/m.exec(machine.disk.text(path))?.[1] ?? '') : '';

const ADMIN = '/etc/kubernetes/admin.conf';
const KUBECTL = '/usr/local/bin/kubectl';

/** What kubectl can do here with the administrator's credential. Throws when nobody answers, or answers no. */
export function asAdministrator(machine: ModelMachine): Api {
  const api = reached(machine, ADMIN);
  if (!administratorsMay(api))
    throw new Refusal(1, 'Error from server (Forbidden): hardway-admin may not do that');
  return api;
}

/** With a credential that needs no permission. */
export function reached(machine: ModelMachine, kubeconfig: string): Api {
  if (!machine.canRun(KUBECTL)) throw new Refusal(127, `${KUBECTL}: not found`);
  const server = serverIn(machine, kubeconfig);
  const api = server === '' ? null : apiAt(machine, server);
  if (api === null) throw new Refusal(1, `The connection to the server ${server} was refused`);
  return api;
}

export const may = <T>(act: () => T): T | null => {
  try {
    return act();
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};
