import type { Product } from './product.ts';
import type { Verb } from './verb.ts';
import { addons } from './verbs/addons.ts';
import { demo } from './verbs/demo.ts';
import { completion } from './verbs/completion.ts';
import { down } from './verbs/down.ts';
import { explain } from './verbs/explain.ts';
import { exporting } from './verbs/export.ts';
import { help } from './verbs/help.ts';
import { kubeconfig } from './verbs/kubeconfig.ts';
import { kubectl } from './verbs/kubectl.ts';
import { etcd } from './verbs/etcd.ts';
import { logs } from './verbs/logs.ts';
import { ssh } from './verbs/ssh.ts';
import { supportBundle } from './verbs/support-bundle.ts';
import { ui } from './verbs/ui.ts';
import { version } from './verbs/version.ts';
import { lab } from './verbs/lab.ts';
import { machines } from './verbs/machines.ts';
import { node } from './verbs/node.ts';
import { phase, phases } from './verbs/phases.ts';
import { pki } from './verbs/pki.ts';
import { plan } from './verbs/plan.ts';
import { recover } from './verbs/recover.ts';
import { security } from './verbs/security.ts';
import { status } from './verbs/status.ts';
import { token } from './verbs/token.ts';
import { trust } from './verbs/trust.ts';
import { up } from './verbs/up.ts';
import { user } from './verbs/user.ts';
import { validate } from './verbs/validate.ts';
import { verify } from './verbs/verify.ts';
import { why } from './verbs/why.ts';

/** All verbs, in the order of the help. */
export const verbs = (product: Product): Verb[] => [
  up(product),
  plan(product),
  phases(product),
  phase(product),
  status(product),
  why(product),
  explain(product),
  verify(product),
  demo(product),
  security(product),
  pki(product),
  addons(product),
  validate,
  down(product),
  kubectl(product),
  kubeconfig(product),
  ssh,
  exporting,
  logs(product),
  etcd(product),
  recover(product),
  version(product),
  ui(product),
  supportBundle(product),
  token(product),
  user(product),
  trust,
  lab(product),
  node(product),
  completion,
  help,
  machines,
];
