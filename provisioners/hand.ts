import type { Hand } from '../src/cli/hand.ts';
import { client } from './client.ts';
import { database } from './etcd-care.ts';
import { kubeconfigs } from './kubeconfigs.ts';
import { versions } from './program-versions.ts';
import { podFiles } from './resources/static-pod.ts';
import { servicesOf } from './services.ts';
import { web } from './web.ts';

/** What the verbs of every day ask of this recipe. */
export const hand: Hand = { client, kubeconfigs, versions, database, web, units: servicesOf, podFiles };
