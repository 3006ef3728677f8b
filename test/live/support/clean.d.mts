export const labs: string;
export function clean(): void;
export function removeStrays(name: string): void;
