export const labs: string;
export function labsIn(temporary: string): string;
export function clean(all?: string): void;
export function removeStrays(name: string): void;
