import { $ as zx } from 'zx';

// Bash started without any shell above it (by cron, systemd, CI) reads ~/.bashrc when its input is a
// socket, as Node.js's pipes are: another PATH, a greeting in every answer. SHLVL is how it knows.
if (!(Number(process.env['SHLVL']) >= 1)) process.env['SHLVL'] = '1';

/** A command of this computer; throws zx's ProcessOutput unless told `nothrow`. Says nothing by itself. */
export const $ = zx({ quiet: true });
