// Names that routes, peers and requests of the benchmarks agree on.

export const benchHost = "bench.example.org";
/** Answered with a small text. */
export const smallTarget = "/api/items/42?page=1";
/** Answered with 10 MB by the backend of load/backend.ts. */
export const bigTarget = "/big/file";
