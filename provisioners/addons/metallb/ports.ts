/** On every node, only on loopback: figures, which nobody here collects. */
export const METRICS = 7472;
/** Between the nodes, with a key of their own: who is there to announce addresses. */
export const MEMBERS = 7946;
