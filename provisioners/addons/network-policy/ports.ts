/** On every node, only on loopback: whether the rules are written. */
export const HEALTH = 9879;
