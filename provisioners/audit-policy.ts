import { yaml } from './yaml.ts';

/** Where the API server writes down who did what. */
export const AUDIT = '/var/log/kubernetes/audit';

const CHANGES = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/** The first rule that fits decides. Levels: Metadata is who, what and when; Request also what was sent. */
export const auditPolicy = (): string =>
  yaml({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    // Each request once, when it has been answered.
    omitStages: ['RequestReceived'],
    rules: [
      // What is in them is never written down.
      {
        level: 'Metadata',
        resources: [
          { group: '', resources: ['secrets', 'configmaps', 'serviceaccounts/token'] },
          { group: 'authentication.k8s.io', resources: ['tokenreviews'] },
        ],
      },
      {
        level: 'Metadata',
        resources: [
          {
            group: '',
            resources: ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy'],
          },
        ],
      },
      {
        level: 'Request',
        verbs: CHANGES,
        resources: [
          { group: '', resources: ['pods'] },
          { group: 'apps', resources: ['deployments'] },
        ],
      },
      { level: 'Metadata' },
    ],
  });
