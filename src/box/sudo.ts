/** Put before a command that needs root: empty for root itself. */
export const sudo: readonly string[] = process.getuid?.() === 0 ? [] : ['sudo'];
