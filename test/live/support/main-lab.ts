import { type Lab, makeLab } from './lab.ts';

/** The cluster that most live tests look at: the default description under a name of its own, from a bare clone. */
export const mainLab = (): Lab => makeLab('hwt-main', '192.168.77.0/24', { bare: true });

export const machines = ['master', 'minion-1', 'minion-2'] as const;
