import { putFile } from './put.ts';
import { runScript } from './run.ts';
import type { Transport, TransportConnection } from './transport.ts';

/** The four verbs over anything that can start a command. */
export function overTransport(transport: Transport): TransportConnection {
  return {
    label: transport.label,
    transport,
    connect: () => transport.connect(),
    run: (script, options) => runScript(transport, script, options),
    put: (file) => putFile(transport, file),
    close: () => transport.close(),
  };
}
