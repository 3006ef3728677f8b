/** What the benches use of Hardway itself; bundled by ours.mjs, because Node cannot read it as it is. */
export { provideArtefacts } from '../../src/artefacts/artefacts.ts';
export { dockerArchive } from '../../src/artefacts/image.ts';
export { loadCluster } from '../../src/cluster/load.ts';
export { knownHosts } from '../../src/connection/known-hosts.ts';
export { sshConnection } from '../../src/connection/ssh.ts';
export { withSudo } from '../../src/connection/sudo.ts';
export { labDestroy, labUp } from '../../src/lab/lab.ts';
export { openState } from '../../src/state/directory.ts';
export { writeMachine } from '../../src/state/inventory.ts';
export { template } from '../../provisioners/template.ts';
