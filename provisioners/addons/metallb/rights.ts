import { clusterRights, rights } from '../parts.ts';

const namespace = 'metallb-system';
const READ = ['get', 'list', 'watch'];
const WRITE = [...READ, 'create', 'update', 'patch', 'delete'];
const configuration = [
  'bfdprofiles',
  'bgpadvertisements',
  'bgppeers',
  'communities',
  'ipaddresspools',
  'l2advertisements',
];
const events = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] };

/** Upstream's, without what only its webhooks need. */
export const controllerRights = [
  ...rights('controller', 'controller', namespace, [
    // Makes the key with which the speakers talk to each other, once.
    { apiGroups: [''], resources: ['secrets'], verbs: ['create', ...READ] },
    { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['controller'], verbs: ['get'] },
    { apiGroups: ['metallb.io'], resources: configuration, verbs: READ },
    { apiGroups: ['metallb.io'], resources: ['ipaddresspools/status'], verbs: ['update'] },
  ]),
  ...clusterRights('metallb-system:controller', 'controller', namespace, [
    { apiGroups: [''], resources: ['services', 'namespaces'], verbs: READ },
    { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
    { apiGroups: [''], resources: ['services/status'], verbs: ['update'] },
    events,
  ]),
];

export const speakerRights = [
  ...rights('speaker', 'speaker', namespace, [
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: READ },
    { apiGroups: ['metallb.io'], resources: configuration, verbs: READ },
    {
      apiGroups: ['metallb.io'],
      resources: ['servicebgpstatuses', 'servicebgpstatuses/status'],
      verbs: WRITE,
    },
  ]),
  ...clusterRights('metallb-system:speaker', 'speaker', namespace, [
    {
      ...{ apiGroups: ['metallb.io'], verbs: WRITE },
      resources: ['servicel2statuses', 'servicel2statuses/status'],
    },
    { apiGroups: [''], resources: ['services', 'endpoints', 'nodes', 'namespaces'], verbs: READ },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
    events,
  ]),
];
