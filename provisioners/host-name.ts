import type { Node } from '../src/cluster/model.ts';
import { isAddress } from '../src/cluster/ranges.ts';
import type { Names } from '../src/pki/names.ts';

/** What the machine is called; null: its node is called by its address, and the machine keeps its name. */
export const hostName = ({ name }: Pick<Node, 'name'>): string | null => (isAddress(name) ? null : name);

/** By which others know a machine that serves something. */
export const servingNames = (node: Node): Names => ({
  dns: [hostName(node)].filter((name) => name !== null),
  ip: [node.address],
});
