export const labs: string;
export function clean(): void;
