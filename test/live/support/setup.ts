import { clean } from './clean.mjs';

export const setup = (): void => clean();
export const teardown = setup;
