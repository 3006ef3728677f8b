import { clean } from './clean.mjs';

export const setup = clean;
export const teardown = clean;
